package dev.socratic.trainer.run;

import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.Generator;
import dev.socratic.trainer.tokenizer.ChatTokenizer;
import dev.socratic.trainer.tokenizer.GenerationPrompt;
import dev.socratic.trainer.tokenizer.Message;
import dev.socratic.trainer.tokenizer.SpecialTokenText;
import dev.socratic.trainer.tokenizer.SpecialTokens;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Asks a model and takes down its greedy replies. */
final class Conversation {
    /** How models of several families mark the end of a turn, where their own files do not say it. */
    private static final List<String> ENDS_OF_TURN = List.of("<end_of_turn>", "<|eot_id|>", "<|im_end|>", "<|end|>");

    private final ChatTokenizer tokenizer;
    private final Set<String> addedTokens;
    private final Generator generator;

    /**
     * @param modelFolder names the tokens that end a reply
     * @param addedTokens special tokens that are text all the same, such as punctuation: replies keep them
     */
    Conversation(Decoder decoder, ChatTokenizer tokenizer, Path modelFolder, List<String> addedTokens) {
        this.tokenizer = tokenizer;
        this.addedTokens = Set.copyOf(addedTokens);
        this.generator = new Generator(decoder, endTokens(modelFolder));
    }

    private Set<Integer> endTokens(Path modelFolder) {
        Set<Integer> ends = new HashSet<>(Generator.endTokens(modelFolder));
        Stream.concat(ENDS_OF_TURN.stream(), tokenizer.eosToken().stream())
                .filter(tokenizer.specialTokens()::contains)
                .flatMap(token -> tokenizer.id(token).stream())
                .forEach(ends::add);
        return ends;
    }

    List<String> replies(List<String> prompts, int maxNewTokens) {
        List<int[]> asked = prompts.stream().map(this::ask).toList();
        return generator.reply(asked, maxNewTokens).stream().map(this::text).toList();
    }

    private int[] ask(String prompt) {
        if (!tokenizer.hasTemplate()) {
            return tokenizer.encode(prompt, SpecialTokens.ADD).ids();
        }
        String turn = tokenizer.template().render(List.of(new Message("user", prompt)), GenerationPrompt.ADD);
        return tokenizer.encode(turn, SpecialTokens.NONE).ids();
    }

    private String text(int[] reply) {
        String text = tokenizer.decode(reply, SpecialTokenText.KEEP);
        for (String special : tokenizer.specialTokens()) {
            text = addedTokens.contains(special) ? text : text.replace(special, "");
        }
        return text.strip();
    }
}
