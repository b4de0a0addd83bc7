#!/usr/bin/env python3
"""Adds docker's manifest.json to an OCI image tar, as Jib's tar:// base wants it: base-image.py OCI.tar DOCKER.tar"""
import io
import json
import os
import sys
import tarfile

source, target = sys.argv[1:]
with tarfile.open(source) as oci, tarfile.open(target + ".part", "w") as docker:

    def blob(descriptor):
        return "blobs/" + descriptor["digest"].replace(":", "/")

    index = json.load(oci.extractfile("index.json"))["manifests"][0]
    image = json.load(oci.extractfile(blob(index)))
    manifest = json.dumps([{"Config": blob(image["config"]), "RepoTags": None, "Layers": [blob(layer) for layer in image["layers"]]}])
    entry = tarfile.TarInfo("manifest.json")
    entry.size = len(manifest)
    docker.addfile(entry, io.BytesIO(manifest.encode()))
    for member in oci:
        docker.addfile(member, oci.extractfile(member))
os.replace(target + ".part", target)
