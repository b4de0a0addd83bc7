package dev.socratic.trainer.checkpoint;

/** Where numbers come from, a part at a time. */
@FunctionalInterface
public interface Values {
    /** Copies values {@code first} to {@code first + count - 1} into {@code target} at {@code at}. */
    void copy(long first, float[] target, int at, int count);

    static Values of(float[] values) {
        return (first, target, at, count) -> System.arraycopy(values, (int) first, target, at, count);
    }
}
