package dev.socratic.trainer.cli;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.EvaluationSpec;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.run.Replying;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code generate}: asks the tuned model. */
@Command(
        name = "generate",
        description = "Prints the tuned model's replies to spec.evaluation.prompts, or to --prompt.")
final class GenerateCommand extends ResourceCommand {
    private static final int DEFAULT_NEW_TOKENS = 64;

    @Option(names = "--prompt", paramLabel = "TEXT", description = "Ask this instead; may be given several times.")
    private List<String> prompts = List.of();

    @Option(names = "--max-new-tokens", paramLabel = "N", description = "End a reply after this many tokens.")
    private Integer maxNewTokens;

    @Option(names = "--base", description = "Ask the base model, without the adapter.")
    private boolean base;

    @Override
    void run(SocraticFineTune resource) {
        EvaluationSpec evaluation = resource.getSpec().evaluation();
        List<String> asked = prompts.isEmpty() && evaluation != null ? evaluation.prompts() : prompts;
        if (asked.isEmpty()) {
            throw Problem.of(FailureReason.InvalidConfiguration, "there is nothing to ask")
                    .where("spec.evaluation.prompts")
                    .remedy("write prompts there, or give --prompt TEXT")
                    .failure();
        }
        int limit = maxNewTokens != null
                ? maxNewTokens
                : evaluation != null ? evaluation.maxNewTokens() : DEFAULT_NEW_TOKENS;
        Replying.Model model = base ? Replying.Model.BASE : Replying.Model.TUNED;
        List<String> replies = new Replying(System.getenv()).replies(resource.getSpec(), model, asked, limit);
        for (int i = 0; i < asked.size(); i++) {
            System.out.println("> " + asked.get(i));
            System.out.println(replies.get(i));
        }
    }
}
