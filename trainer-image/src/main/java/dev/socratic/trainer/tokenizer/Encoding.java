package dev.socratic.trainer.tokenizer;

/**
 * Tokens of one text.
 *
 * @param ids one id a token
 * @param charOffsets for each token {start, end} in the text's UTF-16 chars, end exclusive. Tokens that are parts of one
 *     character (byte fallback, byte-level BPE) all bear that character's offsets; tokens that the post-processor added
 *     bear {0, 0}.
 */
public record Encoding(int[] ids, int[][] charOffsets) {
    public int length() {
        return ids.length;
    }

    /** Whether token {@code i} covers any character of [start, end). */
    public boolean covers(int i, int start, int end) {
        return Math.max(charOffsets[i][0], start) < Math.min(charOffsets[i][1], end);
    }
}
