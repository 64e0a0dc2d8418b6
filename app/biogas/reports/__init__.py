"""Report renderers: a filling's figures in, the bytes of a PDF, an Excel workbook or a CSV out.

Pure: no database, no web. Who asks for a report and where its file is kept belongs to the room's services.
"""
