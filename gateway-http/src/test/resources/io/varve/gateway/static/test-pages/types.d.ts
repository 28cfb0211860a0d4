export declare const test: number;
