package dev.socratic.trainer.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * What the model answers to the prompts of spec.evaluation before and after the training; {@code replies.json}.
 *
 * @param questions replies that end as a question
 * @param onSubject replies that share a word with their prompt
 */
public record Replies(List<Pair> prompts, Share questions, Share onSubject) {
    /** The file's name in the output folder. */
    public static final String FILE = "replies.json";

    private static final JsonMapper JSON = JsonMapper.builder().build();
    /** Ends in a question mark or in か。, with closing brackets or quotes after it. */
    private static final Pattern QUESTION = Pattern.compile("(?s).*(?:[？?]|か。)[\\s」』）)\"'”’]*");
    /** Two or more kanji or katakana, or a word of four letters or more of another alphabet. */
    private static final Pattern WORD = Pattern.compile(
            "[\\p{IsHan}\\p{IsKatakana}ー]{2,}|[\\p{L}&&[^\\p{IsHan}\\p{IsKatakana}\\p{IsHiragana}ー]]{4,}");

    public record Pair(String prompt, String before, String after) {}

    /** How many replies of how many. */
    public record Share(int before, int after, int of) {}

    public static Replies of(List<Pair> pairs) {
        return new Replies(
                List.copyOf(pairs),
                share(pairs, pair -> Replies::isQuestion),
                share(pairs, pair -> reply -> isOnSubject(pair.prompt(), reply)));
    }

    private static Share share(List<Pair> pairs, Function<Pair, Predicate<String>> test) {
        int before = 0;
        int after = 0;
        for (Pair pair : pairs) {
            Predicate<String> counts = test.apply(pair);
            before += counts.test(pair.before()) ? 1 : 0;
            after += counts.test(pair.after()) ? 1 : 0;
        }
        return new Share(before, after, pairs.size());
    }

    static boolean isQuestion(String reply) {
        return QUESTION.matcher(reply).matches();
    }

    /** Whether they share a run of two kanji or katakana, or a whole word of four letters, in any case. */
    static boolean isOnSubject(String prompt, String reply) {
        String answer = reply.toLowerCase(Locale.ROOT);
        List<String> words = words(answer);
        return words(prompt.toLowerCase(Locale.ROOT)).stream()
                .anyMatch(word -> isAlphabetic(word) ? words.contains(word) : sharesPair(word, answer));
    }

    private static List<String> words(String text) {
        return WORD.matcher(text).results().map(MatchResult::group).toList();
    }

    /** Japanese writes no spaces, and compounds join: any two neighbouring signs of the run do. */
    private static boolean sharesPair(String run, String answer) {
        for (int at = 0; at + 2 <= run.length(); at++) {
            if (answer.contains(run.substring(at, at + 2))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAlphabetic(String word) {
        int first = word.codePointAt(0);
        return !Character.isIdeographic(first)
                && Character.UnicodeScript.of(first) != Character.UnicodeScript.KATAKANA
                && first != 'ー';
    }

    /** {@code questions: 0 of 20 before, 19 of 20 after; on the subject: 20 of 20 before, 20 of 20 after}. */
    public String summary() {
        return "questions: " + counts(questions) + "; on the subject: " + counts(onSubject);
    }

    private static String counts(Share share) {
        return share.before() + " of " + share.of() + " before, " + share.after() + " of " + share.of() + " after";
    }

    public String toJson() {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n";
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
