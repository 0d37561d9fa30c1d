/** The environment for programs that need vhost-device-vsock: PATH leads to it. */
export function vsockEnvironment(): NodeJS.ProcessEnv;
