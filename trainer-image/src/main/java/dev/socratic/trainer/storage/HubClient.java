package dev.socratic.trainer.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.socratic.trainer.storage.Http.Redirects;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The three requests of the hub's HTTP interface that a download needs: list a revision, describe a file, get it. */
final class HubClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI endpoint;
    private final Http http;
    private final RetryPolicy retry;
    private final HubFailures failures;

    HubClient(StorageSettings settings, InputKind kind) {
        endpoint = settings.hubEndpoint();
        http = new Http(endpoint, settings.hubToken());
        retry = settings.retry();
        failures = new HubFailures(
                endpoint, kind, settings.hubToken().isPresent() ? HubFailures.Token.SENT : HubFailures.Token.ABSENT);
    }

    /** A commit and the paths of its files. */
    record Listing(String commit, Set<String> paths) {}

    Listing list(HubRepository repository, String revision) {
        URI address = URI.create(endpoint + "/api/" + repository.type() + "/" + repository.id() + "/revision/"
                + URLEncoder.encode(revision, StandardCharsets.UTF_8).replace("+", "%20"));
        return retry.run("list " + repository.id() + " at " + endpoint.getHost(), () -> {
            try (HttpAnswer answer = http.send("GET", address, Map.of("Accept", "application/json"), Redirects.ALL)) {
                answer.throwIfBusy();
                failures.throwIfRefused(answer, repository, revision, null);
                JsonNode info = JSON.readTree(answer.body());
                Set<String> paths = new TreeSet<>();
                info.path("siblings")
                        .forEach(file -> paths.add(file.path("rfilename").asText()));
                return new Listing(commit(info.path("sha").asText()), paths);
            }
        });
    }

    HubFile describe(HubRepository repository, String commit, String path) {
        return retry.run("describe " + path + " of " + repository.id(), () -> {
            try (HttpAnswer answer =
                    http.send("HEAD", address(repository, commit, path), Map.of(), Redirects.SAME_HOST)) {
                answer.throwIfBusy();
                failures.throwIfRefused(answer, repository, commit, path);
                String etag = answer.header("X-Linked-Etag")
                        .or(() -> answer.header("ETag"))
                        .map(HubClient::unquote)
                        .filter(text -> text.matches("[A-Za-z0-9._-]{1,200}"))
                        .orElseThrow(() -> new IOException("no usable ETag for " + path));
                long ownSize = answer.isRedirect() ? -1 : answer.contentLength();
                return new HubFile(
                        path,
                        etag,
                        answer.header("X-Linked-Size").map(Long::parseLong).orElse(ownSize));
            }
        });
    }

    /** Opens the content from {@code offset} on; redirects lead to the hub's content network. */
    HttpAnswer open(HubRepository repository, String commit, String path, long offset) throws IOException {
        Map<String, String> headers = offset > 0 ? Map.of("Range", "bytes=" + offset + "-") : Map.of();
        HttpAnswer answer = http.send("GET", address(repository, commit, path), headers, Redirects.ALL);
        answer.throwIfBusy();
        if (answer.status() != Download.RANGE_NOT_SATISFIABLE) {
            failures.throwIfRefused(answer, repository, commit, path);
        }
        return answer;
    }

    private URI address(HubRepository repository, String commit, String path) {
        String encoded = Arrays.stream(path.split("/"))
                .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
                .collect(Collectors.joining("/"));
        return URI.create(endpoint + "/" + repository.page() + "/resolve/" + commit + "/" + encoded);
    }

    private static String commit(String sha) throws IOException {
        return Optional.of(sha)
                .filter(text -> text.matches("[0-9a-f]{40}"))
                .orElseThrow(() -> new IOException("the answer names no commit"));
    }

    private static String unquote(String etag) {
        return etag.replaceFirst("^W/", "").replace("\"", "");
    }
}
