package dev.socratic.trainer.data;

/**
 * One training example, cut to maxSequenceLength.
 *
 * @param inputIds token ids
 * @param labels the same length: the id where the token is learned, {@link #IGNORED} elsewhere. A label says what the
 *     token is, not what follows it; the loss shifts by one.
 * @param starts where the texts begin that it is made of, the first at 0
 */
public record Example(int[] inputIds, int[] labels, int[] starts) {
    /** ignore_index of torch's cross entropy. */
    public static final int IGNORED = -100;

    /** An example of one text. */
    public Example(int[] inputIds, int[] labels) {
        this(inputIds, labels, new int[] {0});
    }

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
