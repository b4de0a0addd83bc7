/** Weights at rest: safetensors files, read through a memory mapping and written whole or not at all. */
package dev.socratic.trainer.checkpoint;
