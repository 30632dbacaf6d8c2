"""Sessions and plans in other programs' formats, one module each. docs/EXCHANGE.md says what each keeps."""
