package dev.socratic.trainer.data;

import dev.socratic.trainer.tokenizer.ChatTemplate;
import dev.socratic.trainer.tokenizer.GenerationPrompt;
import dev.socratic.trainer.tokenizer.Message;
import dev.socratic.trainer.tokenizer.PythonString;
import dev.socratic.trainer.tokenizer.TemplateRefusal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a template prints around the contents of a dialogue with given roles: fixed texts with holes, one hole for each
 * content, and the end marker of each assistant turn.
 */
final class TemplateShape {
    private static final Pattern SENTINEL = Pattern.compile("\uE000(\\d+)\uE001");

    /** A fixed text and the message whose content comes after it. */
    private record Hole(String before, int message) {}

    private final List<Hole> holes = new ArrayList<>();
    private String tail = "";
    private final Map<Integer, String> endMarkers = new HashMap<>();

    private TemplateShape() {}

    static TemplateShape of(List<String> roles, ChatTemplate template, Set<String> specialTokens) {
        TemplateShape shape = new TemplateShape();
        Optional<String> rendered = render(roles, template);
        rendered.ifPresent(shape::cutAtSentinels);
        for (int i = 0; i < roles.size(); i++) {
            if (roles.get(i).equals(Message.ASSISTANT)) {
                int message = i;
                String sentinel = sentinel(i);
                Optional<String> last = i == roles.size() - 1 ? rendered : render(roles.subList(0, i + 1), template);
                last.filter(text -> text.contains(sentinel))
                        .map(text -> text.substring(text.lastIndexOf(sentinel) + sentinel.length()))
                        .ifPresent(after -> shape.endMarkers.put(message, endMarker(after, specialTokens)));
            }
        }
        return shape;
    }

    /** {@code after} is all that follows a last assistant turn: up to its first special token, if it has one. */
    private static String endMarker(String after, Set<String> specialTokens) {
        int end = Integer.MAX_VALUE;
        int start = Integer.MAX_VALUE;
        for (String token : specialTokens) {
            int at = after.indexOf(token);
            if (at >= 0 && (at < start || at == start && at + token.length() > end)) {
                start = at;
                end = at + token.length();
            }
        }
        return start == Integer.MAX_VALUE ? after.stripTrailing() : after.substring(0, end);
    }

    /** Empty if the turn has none. */
    String endMarker(int message) {
        return endMarkers.getOrDefault(message, "");
    }

    /**
     * {start, end} of each message's content in {@code rendered}, null for a message that the template leaves out.
     * Empty if the shape does not account for every character.
     */
    Optional<int[][]> layOver(List<Message> messages, String rendered) {
        int[][] contents = new int[messages.size()][];
        boolean onceEach = holes.stream().map(Hole::message).distinct().count() == holes.size();
        return onceEach && fits(0, 0, messages, rendered, contents) ? Optional.of(contents) : Optional.empty();
    }

    private boolean fits(int hole, int at, List<Message> messages, String rendered, int[][] contents) {
        if (hole == holes.size()) {
            return rendered.length() - at == tail.length() && rendered.endsWith(tail);
        }
        Hole next = holes.get(hole);
        if (!rendered.startsWith(next.before, at)) {
            return false;
        }
        int start = at + next.before.length();
        for (String content : asPrinted(messages.get(next.message).content())) {
            if (rendered.startsWith(content, start)
                    && fits(hole + 1, start + content.length(), messages, rendered, contents)) {
                contents[next.message] = new int[] {start, start + content.length()};
                return true;
            }
        }
        return false;
    }

    private static Set<String> asPrinted(String content) {
        Set<String> variants = new LinkedHashSet<>();
        variants.add(content);
        variants.add(PythonString.strip(content));
        variants.add(PythonString.lstrip(content));
        variants.add(PythonString.rstrip(content));
        return variants;
    }

    private static String sentinel(int message) {
        return "\uE000" + message + "\uE001";
    }

    private static Optional<String> render(List<String> roles, ChatTemplate template) {
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < roles.size(); i++) {
            messages.add(new Message(roles.get(i), sentinel(i)));
        }
        try {
            return Optional.of(template.render(messages, GenerationPrompt.NONE));
        } catch (TemplateRefusal contentMatters) {
            return Optional.empty();
        }
    }

    private void cutAtSentinels(String rendered) {
        Matcher matcher = SENTINEL.matcher(rendered);
        int at = 0;
        while (matcher.find()) {
            holes.add(new Hole(rendered.substring(at, matcher.start()), Integer.parseInt(matcher.group(1))));
            at = matcher.end();
        }
        tail = rendered.substring(at);
    }
}
