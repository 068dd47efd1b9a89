"""Operations of OpenAPI documents as HTTP tools.

    text ──document──▶ JSON with references ──operation──▶ Operation ──merging──▶ the tool of the file

All of it is values in and values out. `reading` is where an agent's file meets the documents that it names.
Supported is OpenAPI 3.0 and 3.1, as JSON or YAML, with references inside the document.
"""
