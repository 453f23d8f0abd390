"""What setup.cfg cannot say: the documents beside the package go into it."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["mockthingspace*"]), "mockthingspace.fixtures"],
    package_dir={"mockthingspace.fixtures": "fixtures"},
    package_data={
        "mockthingspace": ["py.typed"],
        "mockthingspace.fixtures": ["**/*.json"],
    },
)
