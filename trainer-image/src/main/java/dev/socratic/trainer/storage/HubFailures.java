package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;

/**
 * Tells the hub's refusals apart. The hub says which it is in X-Error-Code; without it a 401 means missing or private,
 * since the hub does not reveal to strangers which of the two.
 */
final class HubFailures {
    enum Token {
        SENT,
        ABSENT
    }

    private static final String MAKE_SECRET =
            "put a token with read access into a Secret under the key HUGGINGFACE_TOKEN and name it in"
                    + " spec.model.secretRef (on the command line: set HUGGINGFACE_TOKEN)";

    private final URI endpoint;
    private final InputKind kind;
    private final Token token;

    HubFailures(URI endpoint, InputKind kind, Token token) {
        this.endpoint = endpoint;
        this.kind = kind;
        this.token = token;
    }

    /** @param path of the file asked for, or null for the repository itself */
    void throwIfRefused(HttpAnswer answer, HubRepository repository, String revision, String path) throws IOException {
        int status = answer.status();
        if (answer.isSuccess() || answer.isRedirect()) {
            return;
        }
        String code = answer.header("X-Error-Code").orElse("");
        String said = answer.header("X-Error-Message").orElse("HTTP status " + status);
        Problem problem = switch (code) {
            case "GatedRepo" -> gated(repository);
            case "RepoNotFound" -> missing(repository);
            case "RevisionNotFound" -> noRevision(repository, revision);
            case "EntryNotFound" -> noFile(repository, path);
            default -> byStatus(status, said, repository, path);
        };
        throw problem.where(kind.field()).failure();
    }

    private Problem byStatus(int status, String said, HubRepository repository, String path) throws IOException {
        boolean badToken = said.toLowerCase(Locale.ROOT).contains("invalid credentials");
        return switch (status) {
            case 401 -> badToken ? wrongToken(repository) : missing(repository);
            case 403 -> denied(repository, said);
            case 404 -> path == null ? missing(repository) : noFile(repository, path);
            default -> throw new IOException("the hub answered HTTP status " + status + " (" + said + ")");
        };
    }

    private Problem gated(HubRepository repository) {
        String accept = "accept its licence at " + endpoint + "/" + repository.page();
        return Problem.of(FailureReason.AccessDenied, "the repository is gated: its owner asks to accept a licence")
                .found(repository.id())
                .remedy(
                        token == Token.ABSENT
                                ? accept + ", then " + MAKE_SECRET
                                : accept + " with the account that the token belongs to; a fine-grained token also"
                                        + " needs access to public gated repositories");
    }

    private Problem missing(HubRepository repository) {
        return Problem.of(
                        kind.missing(),
                        "the hub has no such repository, or it is private and the token does not open it")
                .found(repository.id())
                .remedy("check owner and name at " + endpoint + "/" + repository.page() + "; if it is private, "
                        + (token == Token.ABSENT ? MAKE_SECRET : "give the token's account access to it"));
    }

    private Problem noRevision(HubRepository repository, String revision) {
        return Problem.of(kind.missing(), "the repository " + repository.id() + " has no such branch, tag or commit")
                .found(revision)
                .remedy("choose one of those listed at " + endpoint + "/" + repository.page()
                        + "/tree/main for spec.model.revision");
    }

    private Problem noFile(HubRepository repository, String path) {
        return Problem.of(kind.missing(), "the repository " + repository.id() + " has no such file at this revision")
                .found(path)
                .remedy("check the files at " + endpoint + "/" + repository.page() + "/tree/main");
    }

    private Problem wrongToken(HubRepository repository) {
        return Problem.of(FailureReason.AccessDenied, "the hub does not accept the token in HUGGINGFACE_TOKEN")
                .found(repository.id())
                .remedy("make a new token with read access and put it into the Secret; it may have expired");
    }

    private Problem denied(HubRepository repository, String said) {
        return Problem.of(FailureReason.AccessDenied, "the hub refuses access to " + repository.id())
                .found(said)
                .remedy(token == Token.ABSENT ? MAKE_SECRET : "check the permissions of the token");
    }
}
