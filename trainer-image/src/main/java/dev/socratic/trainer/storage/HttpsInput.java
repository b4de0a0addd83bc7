package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.storage.Http.Redirects;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;

/**
 * {@code https://HOST/PATH[#sha256=HEX]}: one dataset file. With the fragment it is checked and kept in the cache;
 * without, an address may give something else tomorrow and is fetched anew by each run.
 */
final class HttpsInput implements Scheme {
    private static final String FRAGMENT = "sha256=";

    private final StorageSettings settings;
    private final FileLocks locks;

    HttpsInput(StorageSettings settings, FileLocks locks) {
        this.settings = settings;
        this.locks = locks;
    }

    @Override
    public ResolvedInput resolve(StorageUri uri, InputOptions options) {
        InputKind kind = options.kind();
        if (!kind.isSingleFile()) {
            throw Problem.of(FailureReason.InvalidConfiguration, "https:// gives one file, not a folder")
                    .where(kind.field())
                    .found(uri)
                    .allowed("https:// in spec.dataset; hf://, pvc:// and file:// elsewhere")
                    .failure();
        }
        URI address = address(uri, kind);
        Checksum checksum = checksum(address, uri, kind);
        String whole = address.toString().split("#", 2)[0];
        String name = UUID.nameUUIDFromBytes((whole + checksum.expected()).getBytes(StandardCharsets.UTF_8)) + ".jsonl";
        Path target = settings.cache().resolve("https").resolve(name);
        Path partial = target.resolveSibling(name + ".incomplete");
        try (FileLocks.Lock lock = locks.acquire(target.resolveSibling(name + ".lock"))) {
            if (checksum.algorithm() == Checksum.Algorithm.NONE) {
                Files.deleteIfExists(partial);
            } else if (Files.exists(target) && checksum.matches(target)) {
                return ResolvedInput.at(target);
            }
            new Download(whole.split("\\?", 2)[0], partial, -1, checksum, source(URI.create(whole), kind))
                    .to(target, settings.retry());
            return ResolvedInput.at(target);
        } catch (IOException unwritable) {
            throw UnwritableFolder.of("SOCRATIC_CACHE", settings.cache(), unwritable);
        } catch (InterruptedException stop) {
            throw RetryPolicy.interrupted("download " + uri);
        }
    }

    /** Continues only the same version of the file: If-Range with the first answer's ETag. */
    private Download.Source source(URI address, InputKind kind) {
        Http http = new Http(address, Optional.empty());
        AtomicReference<String> version = new AtomicReference<>();
        return offset -> {
            Map<String, String> headers = new HashMap<>();
            if (offset > 0 && version.get() != null) {
                headers.put("Range", "bytes=" + offset + "-");
                headers.put("If-Range", version.get());
            }
            HttpAnswer answer = http.send("GET", address, headers, Redirects.ALL);
            answer.throwIfBusy();
            if (!answer.isSuccess() && answer.status() != Download.RANGE_NOT_SATISFIABLE) {
                throw refused(answer, address, kind);
            }
            version.set(
                    answer.header("ETag").filter(etag -> !etag.startsWith("W/")).orElse(null));
            return answer;
        };
    }

    private static RuntimeException refused(HttpAnswer answer, URI address, InputKind kind) throws IOException {
        int status = answer.status();
        boolean denied = status == 401 || status == 403;
        return Problem.of(
                        denied ? FailureReason.AccessDenied : kind.missing(),
                        answer.host() + " answers with HTTP status " + status)
                .where(kind.field())
                .found(address.getPath())
                .remedy(
                        denied
                                ? "https:// datasets are read without credentials: use a signed address, hf:// or pvc://"
                                : "check the address in a browser")
                .failure();
    }

    private static URI address(StorageUri uri, InputKind kind) {
        try {
            return URI.create(uri.toString());
        } catch (IllegalArgumentException malformed) {
            throw Problem.of(FailureReason.InvalidConfiguration, "is no web address")
                    .where(kind.field())
                    .found(uri)
                    .remedy("write spaces and other special characters as %XX")
                    .failure(malformed);
        }
    }

    private static Checksum checksum(URI address, StorageUri uri, InputKind kind) {
        String fragment = address.getFragment();
        if (fragment == null) {
            return Checksum.none();
        }
        if (!fragment.matches(FRAGMENT + "[0-9a-fA-F]{64}")) {
            throw Problem.of(FailureReason.InvalidConfiguration, "the fragment is no checksum")
                    .where(kind.field())
                    .found(uri)
                    .allowed("#sha256= and 64 hexadecimal digits, or no fragment")
                    .failure();
        }
        return Checksum.sha256(fragment.substring(FRAGMENT.length()));
    }
}
