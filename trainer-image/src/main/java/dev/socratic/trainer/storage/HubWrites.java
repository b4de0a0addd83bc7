package dev.socratic.trainer.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.storage.Http.Content;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** Requests that change a repository of the hub: made again on network trouble; a refusal is said in words. */
final class HubWrites {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String GIVE_TOKEN =
            "put a token with write access into a Secret under the key HUGGINGFACE_TOKEN and name it in"
                    + " spec.output.secretRef (on the command line: set HUGGINGFACE_TOKEN)";

    private final HubRepository repository;
    private final Http http;
    private final RetryPolicy retry;

    HubWrites(StorageSettings settings, HubRepository repository) {
        this.repository = repository;
        this.http = new Http(settings.hubEndpoint(), settings.outputToken());
        this.retry = settings.retry();
    }

    /**
     * @param what completes "could not …" in a message
     * @param type of the request and of its answer
     * @param alsoGood a status that is no refusal; its answer is not read
     */
    JsonNode post(String what, URI address, String type, String request, int... alsoGood) {
        Content content = Content.of(request.getBytes(StandardCharsets.UTF_8));
        return retry.run(what, () -> {
            try (HttpAnswer answer =
                    http.send("POST", address, Map.of("Content-Type", type, "Accept", type), content)) {
                int status = answer.status();
                if (Arrays.stream(alsoGood).anyMatch(good -> good == status)) {
                    return MissingNode.getInstance();
                }
                throwIfRefused(answer);
                try (InputStream body = answer.body()) {
                    return JSON.readTree(body);
                }
            }
        });
    }

    /** @return the ETag that the content has there, or empty text */
    String put(String what, URI address, Content content) {
        return retry.run(what, () -> {
            try (HttpAnswer answer = http.send("PUT", address, Map.of(), content)) {
                throwIfRefused(answer);
                return answer.header("ETag").orElse("");
            }
        });
    }

    private void throwIfRefused(HttpAnswer answer) throws IOException {
        answer.throwIfBusy();
        if (answer.isSuccess()) {
            return;
        }
        String said = answer.header("X-Error-Message").orElse("HTTP status " + answer.status());
        throw switch (answer.status()) {
            case 401 ->
                problem(FailureReason.AccessDenied, "the hub wants a token that it knows", said)
                        .remedy(GIVE_TOKEN)
                        .failure();
            case 403 ->
                problem(FailureReason.AccessDenied, "the token may not write to " + repository.id(), said)
                        .remedy(GIVE_TOKEN)
                        .failure();
            case 404 ->
                problem(FailureReason.OutputNotWritable, "the hub has no owner or repository of this name", said)
                        .remedy("correct OWNER/NAME, or " + GIVE_TOKEN)
                        .failure();
            default -> refused(said);
        };
    }

    /** For an answer that is none, or that says no. */
    TrainerFailure refused(String said) {
        return problem(FailureReason.OutputNotWritable, "the hub does not take the result", said)
                .remedy("mend what it says, then run again: the run goes on from its last checkpoint")
                .failure();
    }

    private Problem problem(FailureReason reason, String what, String said) {
        return Problem.of(reason, what).where(Storage.OUTPUT_FIELD).found("hf://" + repository.id() + ": " + said);
    }
}
