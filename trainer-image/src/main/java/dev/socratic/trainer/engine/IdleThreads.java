package dev.socratic.trainer.engine;

import com.sun.jna.Function;
import com.sun.jna.Platform;

/**
 * How libtorch's threads wait for one another. By default they spin, which on cores that others use as well (a pod's
 * share of a node) can cost a hundred times the work itself. The OpenMP library reads its variables once, when it is
 * loaded, so they are put into the process's own environment before.
 */
final class IdleThreads {
    private IdleThreads() {}

    /** Threads sleep when they have nothing to do, unless the environment already says otherwise. */
    static void sleep() {
        if (Platform.isWindows()) {
            return;
        }
        Function setenv = Function.getFunction(null, "setenv");
        setenv.invokeInt(new Object[] {"OMP_WAIT_POLICY", "passive", 0});
        setenv.invokeInt(new Object[] {"KMP_BLOCKTIME", "0", 0});
    }
}
