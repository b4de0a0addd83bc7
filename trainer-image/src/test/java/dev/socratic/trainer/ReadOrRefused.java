package dev.socratic.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** What becomes of a file from elsewhere: it is read, or refused with a message for people, and takes memory in proportion. */
public enum ReadOrRefused {
    READ,
    REFUSED;

    /** Bytes that reading may allocate in all: a fixed part, and this many for each byte of the file. */
    private static final long FIXED = 48L << 20;

    private static final long A_BYTE = 400;

    /** Reads a folder or file. */
    public interface Reader {
        void read(Path path) throws IOException;
    }

    /** @param damaged the file that takes the place of the one that the reader wants */
    public static ReadOrRefused of(Reader reader, Path folder, String file, byte[] damaged) throws IOException {
        Files.createDirectories(folder.resolve(file).getParent());
        Files.write(folder.resolve(file), damaged);
        long limit = FIXED + A_BYTE * damaged.length;
        long first = allocated();
        ReadOrRefused result = of(reader, folder);
        if (allocated() - first > limit) {
            // the first time loads classes
            long second = allocated();
            of(reader, folder);
            assertThat(allocated() - second).as("bytes allocated").isLessThan(limit);
        }
        return result;
    }

    private static ReadOrRefused of(Reader reader, Path folder) throws IOException {
        try {
            reader.read(folder);
            return READ;
        } catch (TrainerFailure failure) {
            assertThat(failure).hasMessageContaining(":");
            return REFUSED;
        }
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
