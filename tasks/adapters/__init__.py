"""Technology only: the code that touches the world. It knows no room."""
