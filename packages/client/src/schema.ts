// Made from docs/schemas/openapi.json by `npm run docs`; not to be edited.
export interface paths {
    readonly "/hosts": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The hosts that exist, or existed at a moment, by name, with the fact that each ended with. */
        readonly get: operations["hosts"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/hosts/{host}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The masks, cards, queues and mdevs of a host. */
        readonly get: operations["host"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/hosts/{host}/mdevs/{mdev}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** One mdev: what is assigned to it, and what its guest can use. */
        readonly get: operations["mdev"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/hosts/{host}/guests/{guest}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** One running guest: the mdevs that it has open. */
        readonly get: operations["guest"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/hosts/{host}/diff": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** What differs between two moments of a host. */
        readonly get: operations["diff"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/hosts/{host}/commands": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Carries out a command for a host, once.
         * @description Ask again with the same Idempotency-Key when no answer came: what was done is not done again. A refused command is recorded, and answered by 422.
         */
        readonly post: operations["command"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/events": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The facts of the log or of one host, a page at a time. */
        readonly get: operations["events"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/events/stream": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * The facts as server-sent events, from a position on into the live tail, without gap or duplicate.
         * @description Each fact is an event `fact` whose id is its position and whose data is the fact as JSON. `caught-up` comes once, when history is exhausted. A client that reconnects with Last-Event-ID goes on after that position.
         */
        readonly get: operations["stream"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/verify": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Compares heads noted earlier (from hosts or verify --json) with the log. A hash seals all facts before it; `apledger verify` recomputes them. */
        readonly post: operations["verify"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        readonly RegisterHostCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "RegisterHost";
            /** @description name of a host */
            readonly host: string;
            /** @description generation of the driver whose rules decide, driver-rules.md */
            readonly driver: "2019-v2" | "6.12" | "7.3";
            readonly hardware: components["schemas"]["Hardware"];
            readonly boot: {
                /** @description kernel parameter, null when not given */
                readonly apmask: string | null;
                /** @description kernel parameter, null when not given */
                readonly aqmask: string | null;
            };
        };
        readonly ChangeHardwareCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "ChangeHardware";
            /** @description APIDs, ascending */
            readonly adapters?: readonly number[];
            /** @description APQIs, ascending */
            readonly domains?: readonly number[];
            /** @description APQIs, ascending */
            readonly controlDomains?: readonly number[];
            readonly cards?: readonly components["schemas"]["CardModel"][];
        };
        readonly SetCheckStopCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "SetCheckStop";
            /** @description APID, 0 to 255 */
            readonly adapter: number;
            readonly checkStopped: boolean;
        };
        readonly InjectResetFaultCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "InjectResetFault";
            /** @description APQN, like 05.0047 */
            readonly queue: string;
            readonly responseCodes: readonly number[];
        };
        readonly ScanBusCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "ScanBus";
        };
        readonly WriteMaskCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "WriteMask";
            readonly mask: "apmask" | "aqmask";
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly WriteBusAttributeCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "WriteBusAttribute";
            readonly attribute: "ap_domain" | "config_time" | "poll_thread" | "poll_timeout";
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly ConfigureCardCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "ConfigureCard";
            /** @description APID, 0 to 255 */
            readonly adapter: number;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly SetOnlineCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "SetOnline";
            readonly device: string;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly BindQueueCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "BindQueue";
            /** @description cex4queue = zcrypt, the host itself; vfio_ap = guests */
            readonly driver: "cex4queue" | "vfio_ap";
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly UnbindQueueCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "UnbindQueue";
            /** @description cex4queue = zcrypt, the host itself; vfio_ap = guests */
            readonly driver: "cex4queue" | "vfio_ap";
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly ProbeDeviceCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "ProbeDevice";
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly OverrideDriverCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "OverrideDriver";
            /** @description APQN, like 05.0047 */
            readonly queue: string;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly CreateMdevCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "CreateMdev";
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly RemoveMdevCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "RemoveMdev";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly AssignAdapterCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "AssignAdapter";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly UnassignAdapterCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "UnassignAdapter";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly AssignDomainCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "AssignDomain";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly UnassignDomainCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "UnassignDomain";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly AssignControlDomainCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "AssignControlDomain";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly UnassignControlDomainCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "UnassignControlDomain";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly ConfigureMdevCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "ConfigureMdev";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description the text written to the attribute */
            readonly text: string;
        };
        readonly StartGuestCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "StartGuest";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            readonly guest: string | null;
        };
        readonly StopGuestCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "StopGuest";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
        };
        readonly ResetGuestDeviceCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "ResetGuestDevice";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
        };
        readonly MigrateGuestCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "MigrateGuest";
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
        };
        readonly HostRegisteredData: {
            /** @description name of a host */
            readonly host: string;
            /** @description generation of the driver whose rules decide, driver-rules.md */
            readonly driver: "2019-v2" | "6.12" | "7.3";
            readonly hardware: components["schemas"]["Hardware"];
            /** @description 256 bits, bit 0 leftmost */
            readonly apmask: string;
            /** @description 256 bits, bit 0 leftmost */
            readonly aqmask: string;
            readonly bootParameters: {
                readonly apmask: string | null;
                readonly aqmask: string | null;
            };
        };
        /** @description simulated hardware has changed; the bus has not noticed yet */
        readonly HardwareChangedData: {
            /** @description APIDs, ascending */
            readonly adapters?: readonly number[];
            /** @description APQIs, ascending */
            readonly domains?: readonly number[];
            /** @description APQIs, ascending */
            readonly controlDomains?: readonly number[];
            readonly cards?: readonly components["schemas"]["CardModel"][];
        };
        /** @description simulated hardware: the adapter stopped or runs again; the bus has not noticed yet */
        readonly CheckStopChangedData: {
            /** @description APID, 0 to 255 */
            readonly adapter: number;
            readonly checkStopped: boolean;
        };
        readonly ResetFaultInjectedData: {
            /** @description APQN, like 05.0047 */
            readonly queue: string;
            readonly responseCodes: readonly number[];
        };
        /** @description the AP bus noticed a new host configuration (QCI) */
        readonly HostConfigChangedData: {
            /** @description APIDs, ascending */
            readonly adapters: readonly number[];
            /** @description APQIs, ascending */
            readonly domains: readonly number[];
            /** @description APQIs, ascending */
            readonly controlDomains: readonly number[];
        };
        readonly BusScannedData: {
            readonly scans: number;
        };
        readonly BindingsCompletedData: {
            readonly count: number;
        };
        readonly BusAttributeChangedData: {
            readonly attribute: "ap_domain" | "config_time" | "poll_thread" | "poll_timeout";
            readonly value: number;
        };
        readonly CardDetectedData: {
            /** @description APID, 0 to 255 */
            readonly adapter: number;
            /** @description hardware type, 10..14 = CEX4..CEX8 */
            readonly type: number;
            /** @description A = accelerator, C = CCA coprocessor, P = EP11 coprocessor */
            readonly mode: "A" | "C" | "P";
            readonly functions: number;
            readonly configured: boolean;
            readonly checkStopped: boolean;
        };
        readonly CardRemovedData: {
            /** @description APID, 0 to 255 */
            readonly adapter: number;
        };
        readonly CardConfiguredData: {
            /** @description APID, 0 to 255 */
            readonly adapter: number;
        };
        readonly CardDeconfiguredData: {
            /** @description APID, 0 to 255 */
            readonly adapter: number;
        };
        readonly CardCheckStopNoticedData: {
            /** @description APID, 0 to 255 */
            readonly adapter: number;
            readonly checkStopped: boolean;
        };
        readonly QueueDetectedData: {
            readonly queues: readonly string[];
            readonly configured: boolean;
            readonly checkStopped: boolean;
        };
        readonly QueueRemovedData: {
            readonly queues: readonly string[];
        };
        readonly QueueStateNoticedData: {
            readonly queues: readonly string[];
            readonly configured: boolean;
            readonly checkStopped: boolean;
        };
        readonly QueueBoundData: {
            /** @description cex4queue = zcrypt, the host itself; vfio_ap = guests */
            readonly driver: "cex4queue" | "vfio_ap";
            readonly queues: readonly string[];
        };
        readonly QueueUnboundData: {
            /** @description cex4queue = zcrypt, the host itself; vfio_ap = guests */
            readonly driver: "cex4queue" | "vfio_ap";
            readonly queues: readonly string[];
        };
        readonly QueueResetData: {
            readonly by: "bus" | "vfio_ap";
            readonly queues: readonly string[];
            /** @description what ZAPQ answered; 0 = done */
            readonly responseCode: number;
        };
        readonly DriverOverrideChangedData: {
            /** @description APQN, like 05.0047 */
            readonly queue: string;
            readonly driver: string | null;
        };
        readonly OnlineChangedData: {
            readonly device: string;
            readonly online: boolean;
        };
        readonly MaskChangedData: {
            readonly mask: "apmask" | "aqmask";
            /** @description 256 bits, bit 0 leftmost */
            readonly value: string;
            readonly written: string;
        };
        readonly MdevCreatedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
        };
        /** @description removal waits until the guest lets go */
        readonly MdevRemovalBlockedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description what the running guest can use from now on; null when no guest is attached */
            readonly effective: components["schemas"]["MatrixIds"] | null;
        };
        readonly MdevRemovedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
        };
        /** @description adapters now in the mdev that were not before */
        readonly AdapterAssignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description APIDs, ascending */
            readonly adapters: readonly number[];
        };
        /** @description adapters no longer in the mdev */
        readonly AdapterUnassignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description APIDs, ascending */
            readonly adapters: readonly number[];
        };
        /** @description domains now in the mdev that were not before */
        readonly DomainAssignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description APQIs, ascending */
            readonly domains: readonly number[];
        };
        /** @description domains no longer in the mdev */
        readonly DomainUnassignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description APQIs, ascending */
            readonly domains: readonly number[];
        };
        /** @description control domains now in the mdev that were not before */
        readonly ControlDomainAssignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description APQIs, ascending */
            readonly controlDomains: readonly number[];
        };
        /** @description control domains no longer in the mdev */
        readonly ControlDomainUnassignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description APQIs, ascending */
            readonly controlDomains: readonly number[];
        };
        readonly GuestStartedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description null = opened by something that is no KVM guest */
            readonly guest: string | null;
            readonly attached: boolean;
            /** @description what the running guest can use from now on; null when no guest is attached */
            readonly effective: components["schemas"]["MatrixIds"] | null;
        };
        readonly GuestStoppedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description null = opened by something that is no KVM guest */
            readonly guest: string | null;
        };
        /** @description the filtered matrix (the guest_matrix file) changed */
        readonly GuestMatrixChangedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description APIDs, ascending */
            readonly adapters: readonly number[];
            /** @description APQIs, ascending */
            readonly domains: readonly number[];
            /** @description APQIs, ascending */
            readonly controlDomains: readonly number[];
            /** @description what the running guest can use from now on; null when no guest is attached */
            readonly effective: components["schemas"]["MatrixIds"] | null;
        };
        readonly MigrationRequestedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description null = opened by something that is no KVM guest */
            readonly guest: string | null;
        };
        readonly MigrationRefusedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description null = opened by something that is no KVM guest */
            readonly guest: string | null;
            /** @description APIDs, ascending */
            readonly pluggedAdapters: readonly number[];
        };
        readonly MigrationCompletedData: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description null = opened by something that is no KVM guest */
            readonly guest: string | null;
        };
        readonly CommandRejectedData: {
            /** @description the command as given */
            readonly command: {
                readonly type: string;
            };
            /** @enum {unknown} */
            readonly errno: "EACCES" | "EADDRINUSE" | "EADDRNOTAVAIL" | "EBUSY" | "EEXIST" | "EINVAL" | "EIO" | "ENODEV" | "ENOENT" | "EOPNOTSUPP" | "EPERM" | "ERANGE" | "EUSERS";
            readonly explanation: string;
            readonly conflicts: readonly components["schemas"]["Conflict"][];
            readonly remedy: string;
        };
        readonly HostRegistered: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "HostRegistered";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["HostRegisteredData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly HardwareChanged: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "HardwareChanged";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["HardwareChangedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly CheckStopChanged: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "CheckStopChanged";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["CheckStopChangedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly ResetFaultInjected: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "ResetFaultInjected";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["ResetFaultInjectedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly HostConfigChanged: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "HostConfigChanged";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["HostConfigChangedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly BusScanned: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "BusScanned";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["BusScannedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly BindingsCompleted: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "BindingsCompleted";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["BindingsCompletedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly BusAttributeChanged: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "BusAttributeChanged";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["BusAttributeChangedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly CardDetected: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "CardDetected";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["CardDetectedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly CardRemoved: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "CardRemoved";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["CardRemovedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly CardConfigured: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "CardConfigured";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["CardConfiguredData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly CardDeconfigured: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "CardDeconfigured";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["CardDeconfiguredData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly CardCheckStopNoticed: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "CardCheckStopNoticed";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["CardCheckStopNoticedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly QueueDetected: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "QueueDetected";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["QueueDetectedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly QueueRemoved: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "QueueRemoved";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["QueueRemovedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly QueueStateNoticed: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "QueueStateNoticed";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["QueueStateNoticedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly QueueBound: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "QueueBound";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["QueueBoundData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly QueueUnbound: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "QueueUnbound";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["QueueUnboundData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly QueueReset: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "QueueReset";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["QueueResetData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly DriverOverrideChanged: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "DriverOverrideChanged";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["DriverOverrideChangedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly OnlineChanged: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "OnlineChanged";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["OnlineChangedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly MaskChanged: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "MaskChanged";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["MaskChangedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly MdevCreated: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "MdevCreated";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["MdevCreatedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly MdevRemovalBlocked: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "MdevRemovalBlocked";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["MdevRemovalBlockedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly MdevRemoved: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "MdevRemoved";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["MdevRemovedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly AdapterAssigned: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "AdapterAssigned";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["AdapterAssignedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly AdapterUnassigned: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "AdapterUnassigned";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["AdapterUnassignedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly DomainAssigned: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "DomainAssigned";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["DomainAssignedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly DomainUnassigned: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "DomainUnassigned";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["DomainUnassignedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly ControlDomainAssigned: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "ControlDomainAssigned";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["ControlDomainAssignedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly ControlDomainUnassigned: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "ControlDomainUnassigned";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["ControlDomainUnassignedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly GuestStarted: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "GuestStarted";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["GuestStartedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly GuestStopped: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "GuestStopped";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["GuestStoppedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly GuestMatrixChanged: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "GuestMatrixChanged";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["GuestMatrixChangedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly MigrationRequested: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "MigrationRequested";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["MigrationRequestedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly MigrationRefused: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "MigrationRefused";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["MigrationRefusedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly MigrationCompleted: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "MigrationCompleted";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["MigrationCompletedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly CommandRejected: {
            readonly id: string;
            readonly stream: string;
            readonly revision: number;
            readonly position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            readonly type: "CommandRejected";
            readonly version: number;
            readonly occurredAt: string;
            readonly recordedAt: string;
            readonly actor: string;
            /** @description id of the command */
            readonly cause: string;
            readonly correlation: string;
            readonly data: components["schemas"]["CommandRejectedData"];
            readonly hash: string;
            /** @description name of a host */
            readonly host: string;
        };
        readonly Command: components["schemas"]["RegisterHostCommand"] | components["schemas"]["ChangeHardwareCommand"] | components["schemas"]["SetCheckStopCommand"] | components["schemas"]["InjectResetFaultCommand"] | components["schemas"]["ScanBusCommand"] | components["schemas"]["WriteMaskCommand"] | components["schemas"]["WriteBusAttributeCommand"] | components["schemas"]["ConfigureCardCommand"] | components["schemas"]["SetOnlineCommand"] | components["schemas"]["BindQueueCommand"] | components["schemas"]["UnbindQueueCommand"] | components["schemas"]["ProbeDeviceCommand"] | components["schemas"]["OverrideDriverCommand"] | components["schemas"]["CreateMdevCommand"] | components["schemas"]["RemoveMdevCommand"] | components["schemas"]["AssignAdapterCommand"] | components["schemas"]["UnassignAdapterCommand"] | components["schemas"]["AssignDomainCommand"] | components["schemas"]["UnassignDomainCommand"] | components["schemas"]["AssignControlDomainCommand"] | components["schemas"]["UnassignControlDomainCommand"] | components["schemas"]["ConfigureMdevCommand"] | components["schemas"]["StartGuestCommand"] | components["schemas"]["StopGuestCommand"] | components["schemas"]["ResetGuestDeviceCommand"] | components["schemas"]["MigrateGuestCommand"];
        readonly RecordedFact: components["schemas"]["HostRegistered"] | components["schemas"]["HardwareChanged"] | components["schemas"]["CheckStopChanged"] | components["schemas"]["ResetFaultInjected"] | components["schemas"]["HostConfigChanged"] | components["schemas"]["BusScanned"] | components["schemas"]["BindingsCompleted"] | components["schemas"]["BusAttributeChanged"] | components["schemas"]["CardDetected"] | components["schemas"]["CardRemoved"] | components["schemas"]["CardConfigured"] | components["schemas"]["CardDeconfigured"] | components["schemas"]["CardCheckStopNoticed"] | components["schemas"]["QueueDetected"] | components["schemas"]["QueueRemoved"] | components["schemas"]["QueueStateNoticed"] | components["schemas"]["QueueBound"] | components["schemas"]["QueueUnbound"] | components["schemas"]["QueueReset"] | components["schemas"]["DriverOverrideChanged"] | components["schemas"]["OnlineChanged"] | components["schemas"]["MaskChanged"] | components["schemas"]["MdevCreated"] | components["schemas"]["MdevRemovalBlocked"] | components["schemas"]["MdevRemoved"] | components["schemas"]["AdapterAssigned"] | components["schemas"]["AdapterUnassigned"] | components["schemas"]["DomainAssigned"] | components["schemas"]["DomainUnassigned"] | components["schemas"]["ControlDomainAssigned"] | components["schemas"]["ControlDomainUnassigned"] | components["schemas"]["GuestStarted"] | components["schemas"]["GuestStopped"] | components["schemas"]["GuestMatrixChanged"] | components["schemas"]["MigrationRequested"] | components["schemas"]["MigrationRefused"] | components["schemas"]["MigrationCompleted"] | components["schemas"]["CommandRejected"];
        readonly Receipt: {
            /** @description name of a host */
            readonly host: string;
            /** Format: uuid */
            readonly commandId: string;
            /** @description of the host's last fact when the command was done */
            readonly revision: number;
            /** @description it had been carried out before, and nothing was done now */
            readonly isDuplicate: boolean;
            /** @description the writer would sleep until the guest closes the mdev */
            readonly isBlocked: boolean;
            /** @description in order; none when nothing changed; null when they do not fit into one message */
            readonly facts: readonly components["schemas"]["Fact"][] | null;
            /** @description the command was refused, and the refusal is recorded */
            readonly refusal?: {
                /** @enum {unknown} */
                readonly errno: "EACCES" | "EADDRINUSE" | "EADDRNOTAVAIL" | "EBUSY" | "EEXIST" | "EINVAL" | "EIO" | "ENODEV" | "ENOENT" | "EOPNOTSUPP" | "EPERM" | "ERANGE" | "EUSERS";
                readonly explanation: string;
                readonly conflicts: readonly components["schemas"]["Conflict"][];
                readonly remedy: string;
            };
        };
        readonly Fact: {
            /** @description urn:apledger:facts, docs/schemas/facts.json */
            readonly type: string;
            readonly data: unknown;
        };
        readonly Head: {
            /** @description name of a host */
            readonly host: string;
            /** @description of its last fact */
            readonly revision: number;
            readonly position: number;
            /** @description of its last fact, in which all before it are sealed */
            readonly hash: string;
            readonly occurredAt: string;
        };
        readonly HostView: {
            /** @description name of a host */
            readonly host: string;
            /** @description of the last fact that counts */
            readonly revision: number;
            readonly position: number;
            readonly occurredAt: string;
            /** @description generation of the driver whose rules decide, driver-rules.md */
            readonly driver: "2019-v2" | "6.12" | "7.3";
            readonly apmask: string;
            readonly aqmask: string;
            readonly adapters: readonly number[];
            readonly domains: readonly number[];
            readonly cards: readonly components["schemas"]["CardView"][];
            readonly mdevs: readonly components["schemas"]["MdevView"][];
        };
        readonly CardView: {
            readonly adapter: number;
            readonly queues: readonly number[];
            readonly zcrypt: readonly number[];
            readonly vfioAp: readonly number[];
        };
        readonly MdevView: {
            /** @description UUID of a mediated matrix device, lower case */
            readonly mdev: string;
            /** @description APIDs, ascending */
            readonly adapters: readonly number[];
            /** @description APQIs, ascending */
            readonly domains: readonly number[];
            /** @description APQIs, ascending */
            readonly controlDomains: readonly number[];
            /** @description somebody has it open */
            readonly open: boolean;
            readonly guest: string | null;
            /** @description the guest got the AP devices */
            readonly attached: boolean;
            readonly migrating: boolean;
            /** @description its removal waits until the guest lets go */
            readonly removing: boolean;
            /** @description what is left after filtering */
            readonly guestMatrix: components["schemas"]["MatrixIds"] | null;
            /** @description what the running guest can use */
            readonly effective: components["schemas"]["MatrixIds"] | null;
        };
        readonly GuestView: {
            /** @description name of a host */
            readonly host: string;
            /** @description of the last fact that counts */
            readonly revision: number;
            readonly position: number;
            readonly occurredAt: string;
            /** @description name of a guest */
            readonly guest: string;
            readonly mdevs: readonly components["schemas"]["MdevView"][];
        };
        readonly MatrixIds: {
            /** @description APIDs, ascending */
            readonly adapters: readonly number[];
            /** @description APQIs, ascending */
            readonly domains: readonly number[];
            /** @description APQIs, ascending */
            readonly controlDomains: readonly number[];
        };
        readonly CardModel: {
            /** @description APID, 0 to 255 */
            readonly adapter: number;
            /** @description hardware type, 10..14 = CEX4..CEX8 */
            readonly type: number;
            /** @description A = accelerator, C = CCA coprocessor, P = EP11 coprocessor */
            readonly mode: "A" | "C" | "P";
            /** @description facility bits, else those usual for the mode */
            readonly functions?: number;
        };
        readonly Conflict: {
            /** @description the APQN in the way, or card05 / a mask / an attribute when it is no queue */
            readonly queue: string;
            /** @description who holds it: zcrypt, an mdev, a guest */
            readonly holder: string;
        };
        readonly Hardware: {
            /** @description the PQAP(QCI) instruction is available */
            readonly qci: boolean;
            /** @description AP extended addressing: ids above 63 / 15 */
            readonly apxa: boolean;
            /** @description APID, 0 to 255 */
            readonly maxAdapter: number;
            /** @description APQI, 0 to 255 */
            readonly maxDomain: number;
            /** @description APIDs, ascending */
            readonly adapters: readonly number[];
            /** @description APQIs, ascending */
            readonly domains: readonly number[];
            /** @description APQIs, ascending */
            readonly controlDomains: readonly number[];
            /** @description models of the adapters; the default is CEX8C */
            readonly cards: readonly components["schemas"]["CardModel"][];
        };
        readonly Problem: {
            /** @description urn:apledger:problem: and the code */
            readonly type: string;
            readonly title: string;
            readonly status: number;
            /** @description for people: the thing, the reason and what helps */
            readonly detail: string;
            /** @description for programs */
            readonly code: string;
            /** @description each as path: what was expected */
            readonly problems?: readonly string[];
            readonly expected?: number | "none";
            readonly actual?: number | "none";
        };
        readonly Refusal: {
            /** @description urn:apledger:problem: and the code */
            readonly type: string;
            readonly title: string;
            readonly status: number;
            /** @description for people: the thing, the reason and what helps */
            readonly detail: string;
            /** @description for programs */
            readonly code: string;
            /** @enum {unknown} */
            readonly errno: "EACCES" | "EADDRINUSE" | "EADDRNOTAVAIL" | "EBUSY" | "EEXIST" | "EINVAL" | "EIO" | "ENODEV" | "ENOENT" | "EOPNOTSUPP" | "EPERM" | "ERANGE" | "EUSERS";
            readonly explanation: string;
            readonly conflicts: readonly components["schemas"]["Conflict"][];
            readonly remedy: string;
            readonly host: string;
            readonly commandId: string;
            readonly revision: number;
            readonly isDuplicate: boolean;
            readonly facts: readonly components["schemas"]["Fact"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly hosts: {
        readonly parameters: {
            readonly query?: {
                /** @description as of this position of the log */
                readonly position?: number;
                /** @description as of this time, like 2026-11-17T09:14:00Z */
                readonly time?: string;
                /** @description only hosts that sort after this one */
                readonly after?: string;
                readonly limit?: number;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The answer */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly hosts: readonly components["schemas"]["Head"][];
                        /** @description ask on after this one; null = that was all */
                        readonly next: string | null;
                        /** @description as of this position: name it for the next page, and no host moves; null when a time was asked for */
                        readonly position: number | null;
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            readonly "4XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            readonly "5XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readonly host: {
        readonly parameters: {
            readonly query?: {
                /** @description as of this position of the log */
                readonly position?: number;
                /** @description as of this time, like 2026-11-17T09:14:00Z */
                readonly time?: string;
            };
            readonly header?: {
                /** @description an ETag that is known: 304 without a body when it is still right */
                readonly "If-None-Match"?: string;
            };
            readonly path: {
                readonly host: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The answer */
            readonly 200: {
                headers: {
                    /** @description the revision, in quotes */
                    readonly ETag?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["HostView"];
                };
            };
            /** @description It has not changed */
            readonly 304: {
                headers: {
                    /** @description the revision, in quotes */
                    readonly ETag?: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            readonly "4XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            readonly "5XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readonly mdev: {
        readonly parameters: {
            readonly query?: {
                /** @description as of this position of the log */
                readonly position?: number;
                /** @description as of this time, like 2026-11-17T09:14:00Z */
                readonly time?: string;
            };
            readonly header?: {
                /** @description an ETag that is known: 304 without a body when it is still right */
                readonly "If-None-Match"?: string;
            };
            readonly path: {
                readonly host: string;
                readonly mdev: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The answer */
            readonly 200: {
                headers: {
                    /** @description the revision, in quotes */
                    readonly ETag?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        /** @description name of a host */
                        readonly host: string;
                        /** @description of the last fact that counts */
                        readonly revision: number;
                        readonly position: number;
                        readonly occurredAt: string;
                        /** @description UUID of a mediated matrix device, lower case */
                        readonly mdev: string;
                        /** @description APIDs, ascending */
                        readonly adapters: readonly number[];
                        /** @description APQIs, ascending */
                        readonly domains: readonly number[];
                        /** @description APQIs, ascending */
                        readonly controlDomains: readonly number[];
                        /** @description somebody has it open */
                        readonly open: boolean;
                        readonly guest: string | null;
                        /** @description the guest got the AP devices */
                        readonly attached: boolean;
                        readonly migrating: boolean;
                        /** @description its removal waits until the guest lets go */
                        readonly removing: boolean;
                        /** @description what is left after filtering */
                        readonly guestMatrix: components["schemas"]["MatrixIds"] | null;
                        /** @description what the running guest can use */
                        readonly effective: components["schemas"]["MatrixIds"] | null;
                    };
                };
            };
            /** @description It has not changed */
            readonly 304: {
                headers: {
                    /** @description the revision, in quotes */
                    readonly ETag?: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            readonly "4XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            readonly "5XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readonly guest: {
        readonly parameters: {
            readonly query?: {
                /** @description as of this position of the log */
                readonly position?: number;
                /** @description as of this time, like 2026-11-17T09:14:00Z */
                readonly time?: string;
            };
            readonly header?: {
                /** @description an ETag that is known: 304 without a body when it is still right */
                readonly "If-None-Match"?: string;
            };
            readonly path: {
                readonly host: string;
                readonly guest: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The answer */
            readonly 200: {
                headers: {
                    /** @description the revision, in quotes */
                    readonly ETag?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["GuestView"];
                };
            };
            /** @description It has not changed */
            readonly 304: {
                headers: {
                    /** @description the revision, in quotes */
                    readonly ETag?: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            readonly "4XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            readonly "5XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readonly diff: {
        readonly parameters: {
            readonly query: {
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                readonly from: string;
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                readonly to?: string;
            };
            readonly header?: never;
            readonly path: {
                readonly host: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The answer */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        /** @description name of a host */
                        readonly host: string;
                        /** @description each says in `change` what it is, and has the fields that go with it */
                        readonly changes: readonly {
                            readonly change: string;
                        }[];
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            readonly "4XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            readonly "5XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readonly command: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description id of the command, a UUID; the ledger makes one when there is none */
                readonly "Idempotency-Key"?: string;
                /** @description the ETag of the host that you decided on: nothing happens when it is elsewhere */
                readonly "If-Match"?: string;
                /** @description *: nothing happens when there is such a host */
                readonly "If-None-Match"?: "*";
                /** @description who asks, for the log; percent-encoded beyond ASCII */
                readonly "Apledger-Actor"?: string;
                /** @description what the command belongs to; percent-encoded beyond ASCII */
                readonly "Apledger-Correlation"?: string;
            };
            readonly path: {
                readonly host: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["Command"];
            };
        };
        readonly responses: {
            /** @description Done, and durable */
            readonly 200: {
                headers: {
                    /** @description the host's revision, in quotes */
                    readonly ETag?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description The command was refused by the rules of the driver; the refusal is recorded */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Refusal"];
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            readonly "4XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            readonly "5XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readonly events: {
        readonly parameters: {
            readonly query?: {
                /** @description only facts after this position; default 0 */
                readonly after?: number;
                /** @description default 100 */
                readonly limit?: number;
                /** @description only these */
                readonly types?: readonly string[];
                /** @description name of a host */
                readonly host?: string;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The answer */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        /** @description in the order of the log */
                        readonly events: readonly components["schemas"]["RecordedFact"][];
                        /** @description ask for the next page after this position */
                        readonly after: number;
                        /** @description the log had no more when it was asked */
                        readonly isEnd: boolean;
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            readonly "4XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            readonly "5XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readonly stream: {
        readonly parameters: {
            readonly query?: {
                /** @description only facts after this position; default 0 */
                readonly after?: number;
                /** @description name of a host */
                readonly host?: string;
                /** @description only these */
                readonly types?: readonly string[];
            };
            readonly header?: {
                /** @description position of the last fact that came; counts more than `after` */
                readonly "Last-Event-ID"?: string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Server-sent events; each `data` of a `fact` is a RecordedFact */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/event-stream": string;
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            readonly "4XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            readonly "5XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readonly verify: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly heads: readonly {
                        /** @description name of a host */
                        readonly host: string;
                        readonly revision: number;
                        readonly hash: string;
                    }[];
                };
            };
        };
        readonly responses: {
            /** @description The answer */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        /** @description how many heads were compared */
                        readonly checked: number;
                        /** @description none = every head is still what it was */
                        readonly problems: readonly {
                            /** @description name of a host */
                            readonly host: string;
                            readonly revision: number;
                            readonly problem: string;
                        }[];
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            readonly "4XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            readonly "5XX": {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
