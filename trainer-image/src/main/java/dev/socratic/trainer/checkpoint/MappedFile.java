package dev.socratic.trainer.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file of any size mapped read-only. One mapping starts at every GiB and reaches up to 2 GiB, so that any range of up
 * to 1 GiB lies whole within one of them; longer ranges get a mapping of their own.
 */
final class MappedFile implements AutoCloseable {
    private static final long STRIDE = 1L << 30;

    private final Path path;
    private final FileChannel channel;
    private final long size;
    private final MappedByteBuffer[] mappings;

    private MappedFile(Path path, FileChannel channel) throws IOException {
        this.path = path;
        this.channel = channel;
        this.size = channel.size();
        this.mappings = new MappedByteBuffer[(int) ((size + STRIDE - 1) / STRIDE)];
        for (int i = 0; i < mappings.length; i++) {
            long begin = i * STRIDE;
            mappings[i] = channel.map(FileChannel.MapMode.READ_ONLY, begin, Math.min(Integer.MAX_VALUE, size - begin));
        }
    }

    static MappedFile open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new MappedFile(path, channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    Path path() {
        return path;
    }

    long size() {
        return size;
    }

    ByteBuffer slice(long begin, int length) {
        if (length == 0) {
            return ByteBuffer.allocateDirect(0).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        }
        MappedByteBuffer mapping = mappings[(int) (begin / STRIDE)];
        int offset = (int) (begin % STRIDE);
        ByteBuffer slice =
                (long) offset + length <= mapping.capacity() ? mapping.slice(offset, length) : map(begin, length);
        return slice.order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Fills the buffer from its position to its limit, without making the file's pages part of this process's memory. */
    void read(long begin, ByteBuffer target) {
        long at = begin - target.position();
        try {
            while (target.hasRemaining()) {
                if (channel.read(target, at + target.position()) < 0) {
                    throw new EOFException(path + " has become shorter while it was read");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read at " + begin + " of " + path, e);
        }
    }

    private ByteBuffer map(long begin, int length) {
        try {
            return channel.map(FileChannel.MapMode.READ_ONLY, begin, length);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot map " + length + " bytes at " + begin + " of " + path, e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
