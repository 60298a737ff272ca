"""Offering files."""

from collections.abc import Callable

import streamlit as st

MIMES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "zip": "application/zip"}


def download(
    label: str, content: Callable[[], bytes], name: str, mime: str, key: str = "", primary: bool = True
) -> None:
    """Offer a file that is made when it is asked for."""
    st.download_button(
        label, content, name, mime, key=f"{name}-{key}", on_click="ignore",
        type="primary" if primary else "secondary", icon=":material/download:",
    )  # fmt: skip
