export declare const NODE_OPTIONS: readonly string[];
export declare function bundleAgent(directory: string): Promise<void>;
