package dev.socratic.operator.decide;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The trainer's exit codes, as the design of its command line fixes them. */
public enum ExitCode {
    INVALID_CONFIGURATION(64, Outcome.FINAL, "InvalidConfiguration", "The configuration cannot be trained."),
    INVALID_DATA(65, Outcome.FINAL, "InvalidData", "The dataset cannot be read."),
    INPUT_NOT_FOUND(66, Outcome.FINAL, "InputNotFound", "An input or the output cannot be reached."),
    INTERNAL_ERROR(70, Outcome.TRIED_AGAIN, "InternalError", "The trainer failed."),
    TRY_AGAIN(75, Outcome.TRIED_AGAIN, "TryAgain", "The trainer was interrupted."),
    OUT_OF_MEMORY(77, Outcome.FINAL, "OutOfMemory", "The run does not fit into placement.maxMemory.");

    private enum Outcome {
        FINAL,
        TRIED_AGAIN
    }

    private final int code;
    private final Outcome outcome;
    private final String reason;
    private final String message;

    ExitCode(int code, Outcome outcome, String reason, String message) {
        this.code = code;
        this.outcome = outcome;
        this.reason = reason;
        this.message = message;
    }

    static Optional<ExitCode> of(int code) {
        return Arrays.stream(values()).filter(value -> value.code == code).findFirst();
    }

    /** The codes after which another attempt would end the same way, ascending. */
    public static List<Integer> finalCodes() {
        return Arrays.stream(values())
                .filter(ExitCode::isFinal)
                .map(value -> value.code)
                .toList();
    }

    boolean isFinal() {
        return outcome == Outcome.FINAL;
    }

    String reason() {
        return reason;
    }

    String message() {
        return message;
    }
}
