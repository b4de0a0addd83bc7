package dev.socratic.trainer.data;

/**
 * One training example, cut to maxSequenceLength.
 *
 * @param inputIds token ids
 * @param labels the same length: the id where the token is learned, {@link #IGNORED} elsewhere. A label says what the
 *     token is, not what follows it; the loss shifts by one.
 */
public record Example(int[] inputIds, int[] labels) {
    /** ignore_index of torch's cross entropy. */
    public static final int IGNORED = -100;

    public int length() {
        return inputIds.length;
    }

    /** Labels that enter the loss; the one at position 0 has nothing before it to be predicted from. */
    public int learnedTokens() {
        int count = 0;
        for (int i = 1; i < labels.length; i++) {
            count += labels[i] != IGNORED ? 1 : 0;
        }
        return count;
    }
}
