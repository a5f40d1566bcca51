"""Admin: what whoever runs the server sees and does, with the scope `notify:admin`."""
