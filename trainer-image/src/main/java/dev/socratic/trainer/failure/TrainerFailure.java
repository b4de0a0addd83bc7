package dev.socratic.trainer.failure;

import java.util.Objects;

/**
 * The one exception that ends a run on purpose: a reason for machines and a message for people. Packages may derive
 * types of their own from it; {@code cli} turns whichever arrives into the exit code and the termination message.
 *
 * <pre>{@code
 * throw Problem.of(FailureReason.ModelNotFound, "the hub has no such repository")
 *         .where("spec.model.uri")
 *         .found("hf://google/gema")
 *         .remedy("check owner and name at the hub")
 *         .failure();
 * }</pre>
 */
public class TrainerFailure extends RuntimeException {
    private final transient Problem problem;

    public TrainerFailure(Problem problem) {
        this(problem, null);
    }

    public TrainerFailure(Problem problem, Throwable cause) {
        super(Objects.requireNonNull(problem).message(), cause);
        this.problem = problem;
    }

    public FailureReason reason() {
        return problem.reason();
    }

    public int exitCode() {
        return problem.reason().exitCode();
    }

    public Problem problem() {
        return problem;
    }
}
