package dev.socratic.trainer.cuda;

/** Why the kernels cannot be used on this machine, in words for its user. */
final class CudaUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1;

    CudaUnavailable(String why) {
        super(why);
    }

    CudaUnavailable(String why, Throwable cause) {
        super(why, cause);
    }
}
