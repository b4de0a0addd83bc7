package dev.socratic.trainer.data;

import dev.socratic.api.v1alpha1.spec.LossScope;
import dev.socratic.trainer.tokenizer.ChatTemplate;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import dev.socratic.trainer.tokenizer.Encoding;
import dev.socratic.trainer.tokenizer.GenerationPrompt;
import dev.socratic.trainer.tokenizer.SpecialTokens;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Text to tokens with labels. Dialogues go through the chat template and get no further special tokens; plain text and
 * prompt with completion end with eos and get those of the post-processor.
 */
final class Labels {
    private final ChatTokenizer tokenizer;
    private final LossScope loss;
    private ChatTemplate template;
    private AssistantSpans assistantSpans;

    Labels(ChatTokenizer tokenizer, LossScope loss) {
        this.tokenizer = tokenizer;
        this.loss = loss;
    }

    /** @throws dev.socratic.trainer.tokenizer.TemplateRefusal if the chat template refuses the dialogue */
    Example label(Dialogue dialogue) {
        if (dialogue instanceof Dialogue.Messages turns) {
            return messages(turns);
        }
        if (dialogue instanceof Dialogue.PromptCompletion pair) {
            return promptCompletion(pair);
        }
        Encoding tokens = tokenizer.encode(ended(((Dialogue.Text) dialogue).text()), SpecialTokens.ADD);
        return example(tokens, token -> true);
    }

    private Example messages(Dialogue.Messages dialogue) {
        if (template == null) {
            template = tokenizer.template();
            assistantSpans = new AssistantSpans(template, tokenizer.specialTokens());
        }
        String text = template.render(dialogue.messages(), GenerationPrompt.NONE);
        Encoding tokens = tokenizer.encode(text, SpecialTokens.NONE);
        if (loss == LossScope.ALL) {
            return example(tokens, token -> true);
        }
        List<int[]> spans = assistantSpans.find(dialogue.messages(), text);
        return example(tokens, token -> spans.stream().anyMatch(span -> tokens.covers(token, span[0], span[1])));
    }

    private Example promptCompletion(Dialogue.PromptCompletion pair) {
        Encoding tokens = tokenizer.encode(ended(pair.prompt() + pair.completion()), SpecialTokens.ADD);
        int start = pair.prompt().length();
        int first = 0;
        while (first < tokens.length() && tokens.charOffsets()[first][1] <= start) {
            first++;
        }
        int learnedFrom = loss == LossScope.ALL ? 0 : first;
        return example(tokens, token -> token >= learnedFrom);
    }

    private String ended(String text) {
        String eos = tokenizer.eosToken().orElse("");
        return text.endsWith(eos) ? text : text + eos;
    }

    private static Example example(Encoding tokens, IntPredicate learned) {
        int[] labels = new int[tokens.length()];
        Arrays.setAll(labels, token -> learned.test(token) ? tokens.ids()[token] : Example.IGNORED);
        return new Example(tokens.ids(), labels);
    }
}
