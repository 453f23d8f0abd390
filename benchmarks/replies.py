"""What the peers are asked and answer: the server's own documents, canned."""

ACCOUNT = "0242078689-00001"
LIST = f"/api/fota/v1/callbacks/{ACCOUNT}"
WANTED = b'{"name": "Fota", "url": "http://localhost:9001/fota"}'
LISTED = (
    b'[{"aname": "0242078689-00001", "name": "Fota", '
    b'"url": "http://localhost:9001/fota"}]'
)
REGISTERED = b'{"accountName": "0242078689-00001", "serviceName": "Fota"}'
DEREGISTERED = b'{"success": true}'
