#!/usr/bin/env python3
"""Makes of an OCI image tar the docker tar that Jib's tar:// base wants, with environment: base-image.py OCI.tar DOCKER.tar [NAME=VALUE...]"""
import io
import json
import os
import sys
import tarfile

source, target, *environment = sys.argv[1:]
with tarfile.open(source) as oci, tarfile.open(target + ".part", "w") as docker:

    def blob(descriptor):
        return "blobs/" + descriptor["digest"].replace(":", "/")

    def add(name, content):
        data = json.dumps(content).encode()
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        docker.addfile(entry, io.BytesIO(data))

    index = json.load(oci.extractfile("index.json"))["manifests"][0]
    image = json.load(oci.extractfile(blob(index)))
    config = json.load(oci.extractfile(blob(image["config"])))
    config["config"]["Env"] = config["config"].get("Env", []) + environment
    add("config.json", config)
    add("manifest.json", [{"Config": "config.json", "RepoTags": None, "Layers": [blob(layer) for layer in image["layers"]]}])
    for member in oci:
        docker.addfile(member, oci.extractfile(member))
os.replace(target + ".part", target)
