package dev.socratic.trainer.tokenizer;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.JsonErrors;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import java.nio.file.Path;

/** The model's folder holds no tokenizer that can be loaded. */
public final class TokenizerNotFound extends TrainerFailure {
    private TokenizerNotFound(Problem problem, Throwable cause) {
        super(problem, cause);
    }

    static TokenizerNotFound missing(Path file) {
        return new TokenizerNotFound(
                Problem.of(FailureReason.ModelNotFound, "the model has no tokenizer.json")
                        .where(file.toString())
                        .remedy("use a model with a fast tokenizer, or save one beside the weights with"
                                + " AutoTokenizer.from_pretrained(...).save_pretrained(...)"),
                null);
    }

    static TokenizerNotFound unreadable(Path file, Exception cause) {
        return new TokenizerNotFound(
                Problem.of(FailureReason.ModelNotFound, "the file cannot be read: " + JsonErrors.describe(cause))
                        .where(file.toString())
                        .remedy("fetch the model again"),
                cause);
    }
}
