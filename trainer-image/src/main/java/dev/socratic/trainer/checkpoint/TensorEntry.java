package dev.socratic.trainer.checkpoint;

/**
 * What a safetensors header says about one tensor.
 *
 * @param begin position of its first byte, counted from the start of the file
 * @param size in bytes
 */
record TensorEntry(String name, DType dtype, long[] shape, long begin, long size) {
    long end() {
        return begin + size;
    }
}
