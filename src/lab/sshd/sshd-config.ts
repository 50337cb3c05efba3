/** Absolute paths only: sshd re-executes itself for every connection and resets those it cannot configure. */
export interface SshdConfig {
  port: number;
  hostKey: string;
  /** File with the public keys of the authorities whose user certificates are accepted. */
  trustedAuthorities: string;
  /** Program that takes the place of the account's own shell. */
  shell: string;
}

/** Text of an sshd_config for one target of the lab: certificates are the only way in, terminals the only thing inside. */
export function sshdConfigText(config: SshdConfig): string {
  return `${[
    `Port ${config.port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${config.hostKey}`,
    'PidFile none',
    `TrustedUserCAKeys ${config.trustedAuthorities}`,
    'AuthenticationMethods publickey',
    'AuthorizedKeysFile none',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'UsePAM no',
    'StrictModes no',
    'UseDNS no',
    'LogLevel VERBOSE',
    'PermitUserEnvironment no',
    'AllowAgentForwarding no',
    'AllowTcpForwarding no',
    'X11Forwarding no',
    'PermitTunnel no',
    'PrintMotd no',
    'PrintLastLog no',
    `ForceCommand "${config.shell}"`,
  ].join('\n')}\n`;
}
