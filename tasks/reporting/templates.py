"""Templates as pages: looked up, filled in with everything escaped, and forbidden whatever is not in them.

Add here what every page needs. What a page says is put together in `page` and `account_page`.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_FOLDER = Path(__file__).with_name("template")


def get(name: str) -> Template:
    """A template."""
    return _environment().get_template(name)


@cache
def text(name: str) -> str:
    """A file that goes into pages as it is."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def policy(style: str, script: str = "") -> str:
    """What a page with this style and this script may do: show itself, and nothing else."""
    hashes = [b64encode(sha256(part.encode()).digest()).decode() for part in (style, script)]
    scripts = f"script-src 'sha256-{hashes[1]}'; " if script else ""
    allowed = f"style-src 'sha256-{hashes[0]}'; {scripts}img-src data:"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_FOLDER)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
