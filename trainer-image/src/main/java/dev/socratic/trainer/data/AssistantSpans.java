package dev.socratic.trainer.data;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.tokenizer.ChatTemplate;
import dev.socratic.trainer.tokenizer.GenerationPrompt;
import dev.socratic.trainer.tokenizer.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the assistant's turns in a rendered dialogue: content and end marker, not the header, not what follows the
 * marker. The template itself is asked where it puts them, so nothing is assumed about its markers:
 *
 * <ol>
 *   <li>A {@link TemplateShape} of the same roles, rendered with sentinels for contents, is laid over the text. It fits
 *       where the template prints contents as they are or trimmed, which nearly all do.
 *   <li>Where it does not fit (a template that rewrites contents), the dialogue is rendered once more for each assistant
 *       turn with only that content replaced; what differs is the turn.
 * </ol>
 */
final class AssistantSpans {
    private static final String SENTINEL = "\uE000socratic\uE001";

    private final ChatTemplate template;
    private final Set<String> specialTokens;
    private final Map<List<String>, TemplateShape> shapes = new HashMap<>();

    AssistantSpans(ChatTemplate template, Set<String> specialTokens) {
        this.template = template;
        this.specialTokens = specialTokens;
    }

    /** One {start, end} for each assistant turn that {@code rendered} shows, in chars, end exclusive, in text order. */
    List<int[]> find(List<Message> messages, String rendered) {
        List<String> roles = messages.stream().map(Message::role).toList();
        TemplateShape shape = shapes.computeIfAbsent(roles, r -> TemplateShape.of(r, template, specialTokens));
        List<int[]> spans = new ArrayList<>();
        int[][] contents = shape.layOver(messages, rendered).orElseGet(() -> compare(messages, rendered));
        for (int i = 0; i < contents.length; i++) {
            if (contents[i] != null && messages.get(i).isAssistant()) {
                int end = contents[i][1];
                String marker = shape.endMarker(i);
                spans.add(new int[] {contents[i][0], rendered.startsWith(marker, end) ? end + marker.length() : end});
            }
        }
        return spans;
    }

    private int[][] compare(List<Message> messages, String rendered) {
        int[][] contents = new int[messages.size()][];
        for (int i = 0; i < contents.length; i++) {
            if (messages.get(i).isAssistant()) {
                List<Message> changed = new ArrayList<>(messages);
                changed.set(i, messages.get(i).withContent(SENTINEL));
                contents[i] = difference(template.render(changed, GenerationPrompt.NONE), rendered);
            }
        }
        return contents;
    }

    /** Where {@code rendered} has something else than the sentinel; null if the template leaves the turn out. */
    private static int[] difference(String changed, String rendered) {
        int at = changed.indexOf(SENTINEL);
        if (at < 0) {
            return null;
        }
        int after = at + SENTINEL.length();
        int start = 0;
        while (start < Math.min(at, rendered.length()) && changed.charAt(start) == rendered.charAt(start)) {
            start++;
        }
        int tail = 0;
        while (tail < Math.min(changed.length() - after, rendered.length() - start)
                && changed.charAt(changed.length() - 1 - tail) == rendered.charAt(rendered.length() - 1 - tail)) {
            tail++;
        }
        if (changed.indexOf(SENTINEL, after) >= 0) {
            throw Problem.of(
                            FailureReason.InvalidConfiguration,
                            "the model's chat template prints an assistant turn twice, so its tokens cannot be told apart")
                    .where("spec.dataset.loss")
                    .found("assistant")
                    .allowed("all")
                    .remedy("set dataset.loss to all, or use another chat template")
                    .failure();
        }
        return new int[] {start, rendered.length() - tail};
    }
}
