import { type HealthDefinition, protocolVersion, type ServiceImplementation } from "@runv/protocol";
import { agentVersion } from "../version.ts";

export function healthService(): ServiceImplementation<HealthDefinition> {
  return { check: async () => Promise.resolve({ protocolVersion, agentVersion }) };
}
