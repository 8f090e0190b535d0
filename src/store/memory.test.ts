import { testStoreContract } from "./contract.ts";
import { openMemoryStore } from "./memory.ts";

testStoreContract("memory", openMemoryStore);
