package dev.socratic.api.yaml;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Finds the name that was probably meant. */
final class Suggestion {
    private Suggestion() {}

    /** " (did you mean NAME?)" for the name closest to {@code given}, or nothing if none is close. */
    static String text(String given, List<String> names) {
        String lower = given.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "");
        return names.stream()
                .filter(name -> distance(lower, name.toLowerCase(Locale.ROOT)) <= Math.max(1, name.length() / 3))
                .min(Comparator.comparingInt(name -> distance(lower, name.toLowerCase(Locale.ROOT))))
                .map(name -> " (did you mean " + name + "?)")
                .orElse("");
    }

    /** Levenshtein distance: insertions, deletions and replacements that turn {@code a} into {@code b}. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
