package dev.socratic.trainer.cuda;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds CUDA's libraries: where the loader looks, then beside those that libtorch has already loaded. */
final class SystemLibrary {
    private static final Path MAPPED = Path.of("/proc/self/maps");
    private static final List<String> VERSIONS = List.of("13", "12", "11", "11.2");

    private SystemLibrary() {}

    /** @param stem the library's name without its version, {@code libnvrtc} */
    static NativeLibrary open(String stem) {
        List<String> names = new ArrayList<>();
        VERSIONS.forEach(version -> names.add(stem + ".so." + version));
        names.addAll(besideLoadedOnes(stem));
        UnsatisfiedLinkError last = null;
        for (String name : names) {
            try {
                return NativeLibrary.getInstance(name);
            } catch (UnsatisfiedLinkError notThere) {
                last = notThere;
            }
        }
        throw new CudaUnavailable("no " + stem + " was found", last);
    }

    private static List<String> besideLoadedOnes(String stem) {
        List<String> found = new ArrayList<>();
        try (Stream<String> lines = Files.lines(MAPPED)) {
            List<Path> folders = lines.filter(line -> line.contains("/") && line.contains("cuda"))
                    .map(line -> Path.of(line.substring(line.indexOf('/'))).getParent())
                    .distinct()
                    .toList();
            for (Path folder : folders) {
                try (Stream<Path> files = Files.list(folder)) {
                    files.filter(file -> isVersionOf(file.getFileName().toString(), stem))
                            .sorted()
                            .forEach(file -> found.add(file.toString()));
                }
            }
        } catch (IOException | RuntimeException unreadable) {
            return found;
        }
        return found;
    }

    /** {@code libnvrtc.so.12} and {@code libnvrtc-b51b459d.so.12}, not {@code libnvrtc-builtins.so.12}. */
    private static boolean isVersionOf(String file, String stem) {
        return file.matches(java.util.regex.Pattern.quote(stem) + "(-[0-9a-f]{8})?\\.so(\\.[0-9.]+)?");
    }
}
