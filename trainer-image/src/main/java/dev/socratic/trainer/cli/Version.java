package dev.socratic.trainer.cli;

import picocli.CommandLine.IVersionProvider;

/** From the jar's manifest. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        String version = SocraticTrainer.class.getPackage().getImplementationVersion();
        return new String[] {"socratic-trainer " + (version == null ? "(not packaged)" : version)};
    }
}
