// Made from docs/schemas/openapi.json by `npm run docs`; not to be edited.
export interface paths {
    "/hosts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The hosts that exist, or existed at a moment, by name, with the fact that each ended with. */
        get: operations["hosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{host}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The masks, cards, queues and mdevs of a host. */
        get: operations["host"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{host}/mdevs/{mdev}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One mdev: what is assigned to it, and what its guest can use. */
        get: operations["mdev"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{host}/guests/{guest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One running guest: the mdevs that it has open. */
        get: operations["guest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{host}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What differs between two moments of a host. */
        get: operations["diff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{host}/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Carries out a command for a host, once.
         * @description Ask again with the same Idempotency-Key when no answer came: what was done is not done again. A refused command is recorded, and answered by 422.
         */
        post: operations["command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{host}/what-if": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What steps, each a line as in a script, would do to a host now or as of any moment; nothing is recorded. */
        post: operations["what-if"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{host}/custody": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who could use a queue of a host, from when to when, and whether it was reset. */
        get: operations["custody"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{host}/guests/{guest}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** When a guest ran on a host, and which queues it could use. */
        get: operations["guest-history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{host}/exposures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was handed on without a reset on a host, and what stands open. */
        get: operations["exposures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An audit report of all hosts, one host, or a guest. */
        get: operations["report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{host}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An audit report of one host. */
        get: operations["host-report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The facts of the log or of one host, a page at a time. */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The facts as server-sent events, from a position on into the live tail, without gap or duplicate.
         * @description Each fact is an event `fact` whose id is its position and whose data is the fact as JSON. `caught-up` comes once, when history is exhausted. A client that reconnects with Last-Event-ID goes on after that position.
         */
        get: operations["stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Compares heads noted earlier (from hosts or verify --json) with the log. A hash seals all facts before it; `apledger verify` recomputes them. */
        post: operations["verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/recompute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Recomputes every hash and packed form of the log, and compares it with heads noted earlier. Takes seconds for a million facts. */
        post: operations["recompute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rebuild": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Forgets the read model and folds the whole log again. */
        post: operations["rebuild"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        RegisterHostCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "RegisterHost";
            /** @description name of a host */
            host: string;
            /** @description generation of the driver whose rules decide, driver-rules.md and driver-rules-older.md */
            driver: "2019-v2" | "5.10" | "6.1" | "6.8" | "6.12" | "7.3";
            hardware: components["schemas"]["Hardware"];
            boot: {
                /** @description kernel parameter, null when not given */
                apmask: string | null;
                /** @description kernel parameter, null when not given */
                aqmask: string | null;
            };
        };
        ChangeHardwareCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ChangeHardware";
            /** @description APIDs, ascending */
            adapters?: number[];
            /** @description APQIs, ascending */
            domains?: number[];
            /** @description APQIs, ascending */
            controlDomains?: number[];
            cards?: components["schemas"]["CardModel"][];
        };
        SetCheckStopCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "SetCheckStop";
            /** @description APID, 0 to 255 */
            adapter: number;
            checkStopped: boolean;
        };
        InjectResetFaultCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "InjectResetFault";
            /** @description APQN, like 05.0047 */
            queue: string;
            responseCodes: number[];
        };
        ScanBusCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ScanBus";
        };
        WriteMaskCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "WriteMask";
            mask: "apmask" | "aqmask";
            /** @description the text written to the attribute */
            text: string;
        };
        WriteBusAttributeCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "WriteBusAttribute";
            attribute: "ap_domain" | "config_time" | "poll_thread" | "poll_timeout";
            /** @description the text written to the attribute */
            text: string;
        };
        ConfigureCardCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ConfigureCard";
            /** @description APID, 0 to 255 */
            adapter: number;
            /** @description the text written to the attribute */
            text: string;
        };
        SetOnlineCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "SetOnline";
            device: string;
            /** @description the text written to the attribute */
            text: string;
        };
        BindQueueCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "BindQueue";
            /** @description cex4queue = zcrypt, the host itself; vfio_ap = guests; cex2aqueue, cex2cqueue = zcrypt for CEX2 and CEX3, in 5.10 and 6.1 */
            driver: "cex4queue" | "vfio_ap" | "cex2aqueue" | "cex2cqueue";
            /** @description the text written to the attribute */
            text: string;
        };
        UnbindQueueCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "UnbindQueue";
            /** @description cex4queue = zcrypt, the host itself; vfio_ap = guests; cex2aqueue, cex2cqueue = zcrypt for CEX2 and CEX3, in 5.10 and 6.1 */
            driver: "cex4queue" | "vfio_ap" | "cex2aqueue" | "cex2cqueue";
            /** @description the text written to the attribute */
            text: string;
        };
        ProbeDeviceCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ProbeDevice";
            /** @description the text written to the attribute */
            text: string;
        };
        ResetQueueCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ResetQueue";
            /** @description APQN, like 05.0047 */
            queue: string;
            /** @description the text written to the attribute */
            text: string;
        };
        WriteAttributeCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "WriteAttribute";
            /** @description below /sys, without links: bus/ap/uevent */
            path: string;
            /** @description the text written to the attribute */
            text: string;
        };
        OverrideDriverCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "OverrideDriver";
            /** @description APQN, like 05.0047 */
            queue: string;
            /** @description the text written to the attribute */
            text: string;
        };
        CreateMdevCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "CreateMdev";
            /** @description the text written to the attribute */
            text: string;
        };
        RemoveMdevCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "RemoveMdev";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description the text written to the attribute */
            text: string;
        };
        AssignAdapterCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "AssignAdapter";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description the text written to the attribute */
            text: string;
        };
        UnassignAdapterCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "UnassignAdapter";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description the text written to the attribute */
            text: string;
        };
        AssignDomainCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "AssignDomain";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description the text written to the attribute */
            text: string;
        };
        UnassignDomainCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "UnassignDomain";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description the text written to the attribute */
            text: string;
        };
        AssignControlDomainCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "AssignControlDomain";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description the text written to the attribute */
            text: string;
        };
        UnassignControlDomainCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "UnassignControlDomain";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description the text written to the attribute */
            text: string;
        };
        ConfigureMdevCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ConfigureMdev";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description the text written to the attribute */
            text: string;
        };
        StartGuestCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "StartGuest";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            guest: string | null;
        };
        StopGuestCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "StopGuest";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
        };
        AttachMdevCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "AttachMdev";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description name of a guest */
            guest: string;
        };
        DetachMdevCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "DetachMdev";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
        };
        ResetGuestDeviceCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ResetGuestDevice";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
        };
        MigrateGuestCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MigrateGuest";
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
        };
        RebootHostCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "RebootHost";
        };
        LoadModuleCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "LoadModule";
            /** @constant */
            module: "vfio_ap";
        };
        UnloadModuleCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "UnloadModule";
            /** @constant */
            module: "vfio_ap";
        };
        ZeroizeQueuesCommand: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ZeroizeQueues";
            queues: string[];
            /** @enum {unknown} */
            by: "HMC" | "TKE";
        };
        HostRegisteredData: {
            /** @description name of a host */
            host: string;
            /** @description generation of the driver whose rules decide, driver-rules.md and driver-rules-older.md */
            driver: "2019-v2" | "5.10" | "6.1" | "6.8" | "6.12" | "7.3";
            hardware: components["schemas"]["Hardware"];
            /** @description 256 bits, bit 0 leftmost */
            apmask: string;
            /** @description 256 bits, bit 0 leftmost */
            aqmask: string;
            bootParameters: {
                apmask: string | null;
                aqmask: string | null;
            };
        };
        /** @description simulated hardware has changed; the bus has not noticed yet */
        HardwareChangedData: {
            /** @description APIDs, ascending */
            adapters?: number[];
            /** @description APQIs, ascending */
            domains?: number[];
            /** @description APQIs, ascending */
            controlDomains?: number[];
            cards?: components["schemas"]["CardModel"][];
        };
        /** @description simulated hardware: the adapter stopped or runs again; the bus has not noticed yet */
        CheckStopChangedData: {
            /** @description APID, 0 to 255 */
            adapter: number;
            checkStopped: boolean;
        };
        ResetFaultInjectedData: {
            /** @description APQN, like 05.0047 */
            queue: string;
            responseCodes: number[];
        };
        /** @description the AP bus noticed a new host configuration (QCI) */
        HostConfigChangedData: {
            /** @description APIDs, ascending */
            adapters: number[];
            /** @description APQIs, ascending */
            domains: number[];
            /** @description APQIs, ascending */
            controlDomains: number[];
        };
        BusScannedData: {
            scans: number;
        };
        BindingsCompletedData: {
            count: number;
        };
        BusAttributeChangedData: {
            attribute: "ap_domain" | "config_time" | "poll_thread" | "poll_timeout";
            value: number;
        };
        CardDetectedData: {
            /** @description APID, 0 to 255 */
            adapter: number;
            /** @description hardware type: 6 = CEX2A, 7 = CEX2C, 8 = CEX3A, 9 = CEX3C, 10..14 = CEX4..CEX8 */
            type: number;
            /** @description A = accelerator, C = CCA coprocessor, P = EP11 coprocessor */
            mode: "A" | "C" | "P";
            functions: number;
            configured: boolean;
            checkStopped: boolean;
        };
        CardRemovedData: {
            /** @description APID, 0 to 255 */
            adapter: number;
        };
        CardConfiguredData: {
            /** @description APID, 0 to 255 */
            adapter: number;
        };
        CardDeconfiguredData: {
            /** @description APID, 0 to 255 */
            adapter: number;
        };
        CardCheckStopNoticedData: {
            /** @description APID, 0 to 255 */
            adapter: number;
            checkStopped: boolean;
        };
        QueueDetectedData: {
            queues: string[];
            configured: boolean;
            checkStopped: boolean;
        };
        QueueRemovedData: {
            queues: string[];
        };
        QueueStateNoticedData: {
            queues: string[];
            configured: boolean;
            checkStopped: boolean;
        };
        QueueBoundData: {
            /** @description cex4queue = zcrypt, the host itself; vfio_ap = guests; cex2aqueue, cex2cqueue = zcrypt for CEX2 and CEX3, in 5.10 and 6.1 */
            driver: "cex4queue" | "vfio_ap" | "cex2aqueue" | "cex2cqueue";
            queues: string[];
        };
        QueueUnboundData: {
            /** @description cex4queue = zcrypt, the host itself; vfio_ap = guests; cex2aqueue, cex2cqueue = zcrypt for CEX2 and CEX3, in 5.10 and 6.1 */
            driver: "cex4queue" | "vfio_ap" | "cex2aqueue" | "cex2cqueue";
            queues: string[];
        };
        QueueResetData: {
            /** @description administrator = by a write to `reset` of the queue; the command names who */
            by: "bus" | "vfio_ap" | "administrator";
            queues: string[];
            /** @description what ZAPQ (for administrator: RAPQ) answered; 0 = done */
            responseCode: number;
        };
        /** @description the keys behind the queues were wiped from outside of Linux */
        QueueZeroizedData: {
            queues: string[];
            /** @enum {unknown} */
            by: "HMC" | "TKE";
        };
        DriverOverrideChangedData: {
            /** @description APQN, like 05.0047 */
            queue: string;
            driver: string | null;
        };
        OnlineChangedData: {
            device: string;
            online: boolean;
        };
        MaskChangedData: {
            mask: "apmask" | "aqmask";
            /** @description 256 bits, bit 0 leftmost */
            value: string;
            written: string;
        };
        MdevCreatedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
        };
        /** @description removal waits until the guest lets go */
        MdevRemovalBlockedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description what the running guest can use from now on; null when no guest is attached */
            effective: components["schemas"]["MatrixIds"] | null;
        };
        MdevRemovedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
        };
        /** @description adapters now in the mdev that were not before */
        AdapterAssignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description APIDs, ascending */
            adapters: number[];
        };
        /** @description adapters no longer in the mdev */
        AdapterUnassignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description APIDs, ascending */
            adapters: number[];
        };
        /** @description domains now in the mdev that were not before */
        DomainAssignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description APQIs, ascending */
            domains: number[];
        };
        /** @description domains no longer in the mdev */
        DomainUnassignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description APQIs, ascending */
            domains: number[];
        };
        /** @description control domains now in the mdev that were not before */
        ControlDomainAssignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description APQIs, ascending */
            controlDomains: number[];
        };
        /** @description control domains no longer in the mdev */
        ControlDomainUnassignedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description APQIs, ascending */
            controlDomains: number[];
        };
        GuestStartedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description null = opened by something that is no KVM guest */
            guest: string | null;
            attached: boolean;
            /** @description what the running guest can use from now on; null when no guest is attached */
            effective: components["schemas"]["MatrixIds"] | null;
        };
        GuestStoppedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description null = opened by something that is no KVM guest */
            guest: string | null;
        };
        /** @description a guest that was running opened the mdev */
        MdevAttachedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description null = opened by something that is no KVM guest */
            guest: string | null;
            attached: boolean;
            /** @description what the running guest can use from now on; null when no guest is attached */
            effective: components["schemas"]["MatrixIds"] | null;
        };
        /** @description the guest closed the mdev and runs on */
        MdevDetachedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description null = opened by something that is no KVM guest */
            guest: string | null;
        };
        /** @description the filtered matrix (the guest_matrix file) changed */
        GuestMatrixChangedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description APIDs, ascending */
            adapters: number[];
            /** @description APQIs, ascending */
            domains: number[];
            /** @description APQIs, ascending */
            controlDomains: number[];
            /** @description what the running guest can use from now on; null when no guest is attached */
            effective: components["schemas"]["MatrixIds"] | null;
        };
        MigrationRequestedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description null = opened by something that is no KVM guest */
            guest: string | null;
        };
        MigrationRefusedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description null = opened by something that is no KVM guest */
            guest: string | null;
            /** @description APIDs, ascending */
            pluggedAdapters: number[];
        };
        MigrationCompletedData: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description null = opened by something that is no KVM guest */
            guest: string | null;
        };
        /** @description everything that only the kernel knew is gone; the masks are what the boot parameters say */
        HostRebootedData: {
            /** @description 256 bits, bit 0 leftmost */
            apmask: string;
            /** @description 256 bits, bit 0 leftmost */
            aqmask: string;
        };
        DriverLoadedData: {
            /** @constant */
            driver: "vfio_ap";
        };
        /** @description queues that only it serves have no driver, and there is no matrix device */
        DriverUnloadedData: {
            /** @constant */
            driver: "vfio_ap";
        };
        /** @description a command was accepted, and nothing changed by it */
        CommandHadNoEffectData: {
            /** @description the command as given */
            command: {
                type: string;
            };
        };
        CommandRejectedData: {
            /** @description the command as given */
            command: {
                type: string;
            };
            /** @enum {unknown} */
            errno: "EACCES" | "EADDRINUSE" | "EADDRNOTAVAIL" | "EBUSY" | "EEXIST" | "EINVAL" | "EIO" | "ENODEV" | "ENOENT" | "EOPNOTSUPP" | "EPERM" | "ERANGE" | "EUSERS";
            explanation: string;
            conflicts: components["schemas"]["Conflict"][];
            remedy: string;
        };
        HostRegistered: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "HostRegistered";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["HostRegisteredData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        HardwareChanged: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "HardwareChanged";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["HardwareChangedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        CheckStopChanged: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "CheckStopChanged";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["CheckStopChangedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        ResetFaultInjected: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ResetFaultInjected";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["ResetFaultInjectedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        HostConfigChanged: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "HostConfigChanged";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["HostConfigChangedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        BusScanned: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "BusScanned";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["BusScannedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        BindingsCompleted: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "BindingsCompleted";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["BindingsCompletedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        BusAttributeChanged: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "BusAttributeChanged";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["BusAttributeChangedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        CardDetected: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "CardDetected";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["CardDetectedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        CardRemoved: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "CardRemoved";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["CardRemovedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        CardConfigured: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "CardConfigured";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["CardConfiguredData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        CardDeconfigured: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "CardDeconfigured";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["CardDeconfiguredData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        CardCheckStopNoticed: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "CardCheckStopNoticed";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["CardCheckStopNoticedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        QueueDetected: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "QueueDetected";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["QueueDetectedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        QueueRemoved: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "QueueRemoved";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["QueueRemovedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        QueueStateNoticed: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "QueueStateNoticed";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["QueueStateNoticedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        QueueBound: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "QueueBound";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["QueueBoundData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        QueueUnbound: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "QueueUnbound";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["QueueUnboundData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        QueueReset: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "QueueReset";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["QueueResetData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        QueueZeroized: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "QueueZeroized";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["QueueZeroizedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        DriverOverrideChanged: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "DriverOverrideChanged";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["DriverOverrideChangedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        OnlineChanged: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "OnlineChanged";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["OnlineChangedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        MaskChanged: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MaskChanged";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["MaskChangedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        MdevCreated: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MdevCreated";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["MdevCreatedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        MdevRemovalBlocked: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MdevRemovalBlocked";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["MdevRemovalBlockedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        MdevRemoved: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MdevRemoved";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["MdevRemovedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        AdapterAssigned: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "AdapterAssigned";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["AdapterAssignedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        AdapterUnassigned: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "AdapterUnassigned";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["AdapterUnassignedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        DomainAssigned: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "DomainAssigned";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["DomainAssignedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        DomainUnassigned: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "DomainUnassigned";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["DomainUnassignedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        ControlDomainAssigned: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ControlDomainAssigned";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["ControlDomainAssignedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        ControlDomainUnassigned: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "ControlDomainUnassigned";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["ControlDomainUnassignedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        GuestStarted: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "GuestStarted";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["GuestStartedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        GuestStopped: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "GuestStopped";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["GuestStoppedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        MdevAttached: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MdevAttached";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["MdevAttachedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        MdevDetached: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MdevDetached";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["MdevDetachedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        GuestMatrixChanged: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "GuestMatrixChanged";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["GuestMatrixChangedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        MigrationRequested: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MigrationRequested";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["MigrationRequestedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        MigrationRefused: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MigrationRefused";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["MigrationRefusedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        MigrationCompleted: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MigrationCompleted";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["MigrationCompletedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        HostRebooted: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "HostRebooted";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["HostRebootedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        DriverLoaded: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "DriverLoaded";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["DriverLoadedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        DriverUnloaded: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "DriverUnloaded";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["DriverUnloadedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        CommandHadNoEffect: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "CommandHadNoEffect";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["CommandHadNoEffectData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        CommandRejected: {
            id: string;
            stream: string;
            revision: number;
            position: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "CommandRejected";
            version: number;
            occurredAt: string;
            recordedAt: string;
            actor: string;
            /** @description id of the command */
            cause: string;
            correlation: string;
            data: components["schemas"]["CommandRejectedData"];
            hash: string;
            /** @description name of a host */
            host: string;
        };
        Command: components["schemas"]["RegisterHostCommand"] | components["schemas"]["ChangeHardwareCommand"] | components["schemas"]["SetCheckStopCommand"] | components["schemas"]["InjectResetFaultCommand"] | components["schemas"]["ScanBusCommand"] | components["schemas"]["WriteMaskCommand"] | components["schemas"]["WriteBusAttributeCommand"] | components["schemas"]["ConfigureCardCommand"] | components["schemas"]["SetOnlineCommand"] | components["schemas"]["BindQueueCommand"] | components["schemas"]["UnbindQueueCommand"] | components["schemas"]["ProbeDeviceCommand"] | components["schemas"]["ResetQueueCommand"] | components["schemas"]["WriteAttributeCommand"] | components["schemas"]["OverrideDriverCommand"] | components["schemas"]["CreateMdevCommand"] | components["schemas"]["RemoveMdevCommand"] | components["schemas"]["AssignAdapterCommand"] | components["schemas"]["UnassignAdapterCommand"] | components["schemas"]["AssignDomainCommand"] | components["schemas"]["UnassignDomainCommand"] | components["schemas"]["AssignControlDomainCommand"] | components["schemas"]["UnassignControlDomainCommand"] | components["schemas"]["ConfigureMdevCommand"] | components["schemas"]["StartGuestCommand"] | components["schemas"]["StopGuestCommand"] | components["schemas"]["AttachMdevCommand"] | components["schemas"]["DetachMdevCommand"] | components["schemas"]["ResetGuestDeviceCommand"] | components["schemas"]["MigrateGuestCommand"] | components["schemas"]["RebootHostCommand"] | components["schemas"]["LoadModuleCommand"] | components["schemas"]["UnloadModuleCommand"] | components["schemas"]["ZeroizeQueuesCommand"];
        RecordedFact: components["schemas"]["HostRegistered"] | components["schemas"]["HardwareChanged"] | components["schemas"]["CheckStopChanged"] | components["schemas"]["ResetFaultInjected"] | components["schemas"]["HostConfigChanged"] | components["schemas"]["BusScanned"] | components["schemas"]["BindingsCompleted"] | components["schemas"]["BusAttributeChanged"] | components["schemas"]["CardDetected"] | components["schemas"]["CardRemoved"] | components["schemas"]["CardConfigured"] | components["schemas"]["CardDeconfigured"] | components["schemas"]["CardCheckStopNoticed"] | components["schemas"]["QueueDetected"] | components["schemas"]["QueueRemoved"] | components["schemas"]["QueueStateNoticed"] | components["schemas"]["QueueBound"] | components["schemas"]["QueueUnbound"] | components["schemas"]["QueueReset"] | components["schemas"]["QueueZeroized"] | components["schemas"]["DriverOverrideChanged"] | components["schemas"]["OnlineChanged"] | components["schemas"]["MaskChanged"] | components["schemas"]["MdevCreated"] | components["schemas"]["MdevRemovalBlocked"] | components["schemas"]["MdevRemoved"] | components["schemas"]["AdapterAssigned"] | components["schemas"]["AdapterUnassigned"] | components["schemas"]["DomainAssigned"] | components["schemas"]["DomainUnassigned"] | components["schemas"]["ControlDomainAssigned"] | components["schemas"]["ControlDomainUnassigned"] | components["schemas"]["GuestStarted"] | components["schemas"]["GuestStopped"] | components["schemas"]["MdevAttached"] | components["schemas"]["MdevDetached"] | components["schemas"]["GuestMatrixChanged"] | components["schemas"]["MigrationRequested"] | components["schemas"]["MigrationRefused"] | components["schemas"]["MigrationCompleted"] | components["schemas"]["HostRebooted"] | components["schemas"]["DriverLoaded"] | components["schemas"]["DriverUnloaded"] | components["schemas"]["CommandHadNoEffect"] | components["schemas"]["CommandRejected"];
        Receipt: {
            /** @description name of a host */
            host: string;
            /** Format: uuid */
            commandId: string;
            /** @description of the host's last fact when the command was done */
            revision: number;
            /** @description it had been carried out before, and nothing was done now */
            isDuplicate: boolean;
            /** @description the writer would sleep until the guest closes the mdev */
            isBlocked: boolean;
            /** @description in order; none when nothing changed; null when they do not fit into one message */
            facts: components["schemas"]["Fact"][] | null;
            /** @description the command was refused, and the refusal is recorded */
            refusal?: {
                /** @enum {unknown} */
                errno: "EACCES" | "EADDRINUSE" | "EADDRNOTAVAIL" | "EBUSY" | "EEXIST" | "EINVAL" | "EIO" | "ENODEV" | "ENOENT" | "EOPNOTSUPP" | "EPERM" | "ERANGE" | "EUSERS";
                explanation: string;
                conflicts: components["schemas"]["Conflict"][];
                remedy: string;
            };
        };
        Fact: {
            /** @description urn:apledger:facts, docs/schemas/facts.json */
            type: string;
            data: unknown;
        };
        Head: {
            /** @description name of a host */
            host: string;
            /** @description of its last fact */
            revision: number;
            position: number;
            /** @description of its last fact, in which all before it are sealed */
            hash: string;
            occurredAt: string;
        };
        HostView: {
            /** @description name of a host */
            host: string;
            /** @description of the last fact that counts */
            revision: number;
            position: number;
            occurredAt: string;
            /** @description generation of the driver whose rules decide, driver-rules.md and driver-rules-older.md */
            driver: "2019-v2" | "5.10" | "6.1" | "6.8" | "6.12" | "7.3";
            apmask: string;
            aqmask: string;
            adapters: number[];
            domains: number[];
            cards: components["schemas"]["CardView"][];
            mdevs: components["schemas"]["MdevView"][];
        };
        CardView: {
            adapter: number;
            queues: number[];
            zcrypt: number[];
            vfioAp: number[];
        };
        MdevView: {
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            /** @description APIDs, ascending */
            adapters: number[];
            /** @description APQIs, ascending */
            domains: number[];
            /** @description APQIs, ascending */
            controlDomains: number[];
            /** @description somebody has it open */
            open: boolean;
            guest: string | null;
            /** @description the guest got the AP devices */
            attached: boolean;
            migrating: boolean;
            /** @description its removal waits until the guest lets go */
            removing: boolean;
            /** @description what is left after filtering */
            guestMatrix: components["schemas"]["MatrixIds"] | null;
            /** @description what the running guest can use */
            effective: components["schemas"]["MatrixIds"] | null;
        };
        GuestView: {
            /** @description name of a host */
            host: string;
            /** @description of the last fact that counts */
            revision: number;
            position: number;
            occurredAt: string;
            /** @description name of a guest */
            guest: string;
            mdevs: components["schemas"]["MdevView"][];
        };
        MatrixIds: {
            /** @description APIDs, ascending */
            adapters: number[];
            /** @description APQIs, ascending */
            domains: number[];
            /** @description APQIs, ascending */
            controlDomains: number[];
        };
        CardModel: {
            /** @description APID, 0 to 255 */
            adapter: number;
            /** @description hardware type: 6 = CEX2A, 7 = CEX2C, 8 = CEX3A, 9 = CEX3C, 10..14 = CEX4..CEX8 */
            type: number;
            /** @description A = accelerator, C = CCA coprocessor, P = EP11 coprocessor */
            mode: "A" | "C" | "P";
            /** @description facility bits, else those usual for the mode */
            functions?: number;
        };
        Conflict: {
            /** @description the APQN in the way, or card05 / a mask / an attribute when it is no queue */
            queue: string;
            /** @description who holds it: zcrypt, an mdev, a guest */
            holder: string;
        };
        Hardware: {
            /** @description the PQAP(QCI) instruction is available */
            qci: boolean;
            /** @description AP extended addressing: ids above 63 / 15 */
            apxa: boolean;
            /** @description APID, 0 to 255 */
            maxAdapter: number;
            /** @description APQI, 0 to 255 */
            maxDomain: number;
            /** @description APIDs, ascending */
            adapters: number[];
            /** @description APQIs, ascending */
            domains: number[];
            /** @description APQIs, ascending */
            controlDomains: number[];
            /** @description models of the adapters; the default is CEX8C */
            cards: components["schemas"]["CardModel"][];
        };
        /** @description the fact behind a boundary, and the command that caused it */
        Boundary: {
            position: number;
            revision: number;
            occurredAt: string;
            type: string;
            commandId: string;
            actor: string;
        };
        Holder: {
            /** @constant */
            kind: "host";
        } | {
            /** @constant */
            kind: "guest";
            /** @description null = opened by something that is no KVM guest */
            guest: string | null;
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
        } | {
            /** @constant */
            kind: "nobody";
        };
        CustodyInterval: {
            apqn: string;
            holder: components["schemas"]["Holder"];
            /** @description others who could use it all the while */
            sharedWith: components["schemas"]["Holder"][];
            /** @description null = since before the first fact */
            from: components["schemas"]["Boundary"] | null;
            /** @description null = still so */
            until: components["schemas"]["Boundary"] | null;
            /** @description it was reset after the holder before had let go; null = nobody ever had it before */
            resetBefore: boolean | null;
            /** @description the reset that counts */
            reset: components["schemas"]["Boundary"] | null;
        };
        Exposure: {
            /** @constant */
            kind: "unreset-handover";
            /** @description name of a host */
            host: string;
            apqn: string;
            from: components["schemas"]["Holder"];
            to: components["schemas"]["Holder"];
            at: components["schemas"]["Boundary"];
        } | {
            /** @constant */
            kind: "shared-queue";
            /** @description name of a host */
            host: string;
            apqn: string;
            holders: components["schemas"]["Holder"][];
            since: components["schemas"]["Boundary"];
            until: components["schemas"]["Boundary"] | null;
        } | {
            /** @constant */
            kind: "stopped-guest-keeps-queues";
            /** @description name of a host */
            host: string;
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            guest: string | null;
            queues: string[];
            since: components["schemas"]["Boundary"];
        } | {
            /** @constant */
            kind: "shared-control-domain";
            /** @description name of a host */
            host: string;
            domain: number;
            guests: {
                guest: string | null;
                /** @description UUID of a mediated matrix device, lower case */
                mdev: string;
            }[];
            since: components["schemas"]["Boundary"];
        };
        /** @description an audit report */
        AuditReport: {
            scope: {
                host: string | null;
                guest: string | null;
                from: unknown;
                to: unknown;
            };
            /** @description what the report rests on, for `apledger verify --heads` */
            heads: {
                stream: string;
                revision: number;
                position: number;
                hash: string;
                occurredAt: string;
            }[];
            hosts: {
                /** @description name of a host */
                host: string;
                driver: ("2019-v2" | "5.10" | "6.1" | "6.8" | "6.12" | "7.3") | null;
                position: number;
                exposures: components["schemas"]["Exposure"][];
                runs: {
                    guest: string | null;
                    /** @description UUID of a mediated matrix device, lower case */
                    mdev: string;
                    started: components["schemas"]["Boundary"];
                    /** @description null = still running */
                    stopped: components["schemas"]["Boundary"] | null;
                }[];
                custody: {
                    queues: string[];
                    holder: components["schemas"]["Holder"];
                    /** @description others who could use it all the while */
                    sharedWith: components["schemas"]["Holder"][];
                    /** @description null = since before the first fact */
                    from: components["schemas"]["Boundary"] | null;
                    /** @description null = still so */
                    until: components["schemas"]["Boundary"] | null;
                    /** @description it was reset after the holder before had let go; null = nobody ever had it before */
                    resetBefore: boolean | null;
                    /** @description the reset that counts */
                    reset: components["schemas"]["Boundary"] | null;
                }[];
            }[];
        };
        ViewChange: {
            change: string;
        } & {
            [key: string]: unknown;
        };
        Share: {
            guest: string | null;
            /** @description UUID of a mediated matrix device, lower case */
            mdev: string;
            queues: string[];
            controlDomains: number[];
        };
        Problem: {
            /** @description urn:apledger:problem: and the code */
            type: string;
            title: string;
            status: number;
            /** @description for people: the thing, the reason and what helps */
            detail: string;
            /** @description for programs */
            code: string;
            /** @description each as path: what was expected */
            problems?: string[];
            expected?: number | "none";
            actual?: number | "none";
        };
        Refusal: {
            /** @description urn:apledger:problem: and the code */
            type: string;
            title: string;
            status: number;
            /** @description for people: the thing, the reason and what helps */
            detail: string;
            /** @description for programs */
            code: string;
            /** @enum {unknown} */
            errno: "EACCES" | "EADDRINUSE" | "EADDRNOTAVAIL" | "EBUSY" | "EEXIST" | "EINVAL" | "EIO" | "ENODEV" | "ENOENT" | "EOPNOTSUPP" | "EPERM" | "ERANGE" | "EUSERS";
            explanation: string;
            conflicts: components["schemas"]["Conflict"][];
            remedy: string;
            host: string;
            commandId: string;
            revision: number;
            isDuplicate: boolean;
            facts: components["schemas"]["Fact"][];
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
    hosts: {
        parameters: {
            query?: {
                /** @description as of this position of the log */
                position?: number;
                /** @description as of this time, like 2026-11-17T09:14:00Z */
                time?: string;
                /** @description only hosts that sort after this one */
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        hosts: components["schemas"]["Head"][];
                        /** @description ask on after this one; null = that was all */
                        next: string | null;
                        /** @description as of this position: name it for the next page, and no host moves; null when a time was asked for */
                        position: number | null;
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    host: {
        parameters: {
            query?: {
                /** @description as of this position of the log */
                position?: number;
                /** @description as of this time, like 2026-11-17T09:14:00Z */
                time?: string;
            };
            header?: {
                /** @description an ETag that is known: 304 without a body when it is still right */
                "If-None-Match"?: string;
            };
            path: {
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    /** @description the revision, in quotes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostView"];
                };
            };
            /** @description It has not changed */
            304: {
                headers: {
                    /** @description the revision, in quotes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mdev: {
        parameters: {
            query?: {
                /** @description as of this position of the log */
                position?: number;
                /** @description as of this time, like 2026-11-17T09:14:00Z */
                time?: string;
            };
            header?: {
                /** @description an ETag that is known: 304 without a body when it is still right */
                "If-None-Match"?: string;
            };
            path: {
                host: string;
                mdev: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    /** @description the revision, in quotes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description name of a host */
                        host: string;
                        /** @description of the last fact that counts */
                        revision: number;
                        position: number;
                        occurredAt: string;
                        /** @description UUID of a mediated matrix device, lower case */
                        mdev: string;
                        /** @description APIDs, ascending */
                        adapters: number[];
                        /** @description APQIs, ascending */
                        domains: number[];
                        /** @description APQIs, ascending */
                        controlDomains: number[];
                        /** @description somebody has it open */
                        open: boolean;
                        guest: string | null;
                        /** @description the guest got the AP devices */
                        attached: boolean;
                        migrating: boolean;
                        /** @description its removal waits until the guest lets go */
                        removing: boolean;
                        /** @description what is left after filtering */
                        guestMatrix: components["schemas"]["MatrixIds"] | null;
                        /** @description what the running guest can use */
                        effective: components["schemas"]["MatrixIds"] | null;
                    };
                };
            };
            /** @description It has not changed */
            304: {
                headers: {
                    /** @description the revision, in quotes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    guest: {
        parameters: {
            query?: {
                /** @description as of this position of the log */
                position?: number;
                /** @description as of this time, like 2026-11-17T09:14:00Z */
                time?: string;
            };
            header?: {
                /** @description an ETag that is known: 304 without a body when it is still right */
                "If-None-Match"?: string;
            };
            path: {
                host: string;
                guest: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    /** @description the revision, in quotes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuestView"];
                };
            };
            /** @description It has not changed */
            304: {
                headers: {
                    /** @description the revision, in quotes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    diff: {
        parameters: {
            query: {
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                from: string;
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                to?: string;
            };
            header?: never;
            path: {
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description name of a host */
                        host: string;
                        changes: ({
                            change: string;
                        } & {
                            [key: string]: unknown;
                        })[];
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    command: {
        parameters: {
            query?: never;
            header?: {
                /** @description id of the command, a UUID; the ledger makes one when there is none */
                "Idempotency-Key"?: string;
                /** @description the ETag of the host that you decided on: nothing happens when it is elsewhere */
                "If-Match"?: string;
                /** @description *: nothing happens when there is such a host */
                "If-None-Match"?: "*";
                /** @description who asks, for the log; percent-encoded beyond ASCII */
                "Apledger-Actor"?: string;
                /** @description what the command belongs to; percent-encoded beyond ASCII */
                "Apledger-Correlation"?: string;
            };
            path: {
                host: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Command"];
            };
        };
        responses: {
            /** @description Done, and durable */
            200: {
                headers: {
                    /** @description the host's revision, in quotes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description The command was refused by the rules of the driver; the refusal is recorded */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Refusal"];
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "what-if": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                host: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description docs/scripts.md: `echo -6 > /sys/bus/ap/apmask`, `guest stop web` */
                    steps: string[];
                    /** @description as of this position of the log */
                    position?: number;
                    /** @description as of this time, like 2026-11-17T09:14:00Z */
                    time?: string;
                };
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description name of a host */
                        host: string;
                        at: {
                            revision: number;
                            position: number;
                            occurredAt: string;
                        };
                        steps: {
                            step: string;
                            /** @enum {unknown} */
                            outcome: "done" | "refused" | "blocked" | "nothing";
                            /** @description what it asks the host to do; none for a look */
                            commands: components["schemas"]["Command"][];
                            facts: components["schemas"]["Fact"][];
                            output: string;
                            refusal?: {
                                /** @enum {unknown} */
                                errno: "EACCES" | "EADDRINUSE" | "EADDRNOTAVAIL" | "EBUSY" | "EEXIST" | "EINVAL" | "EIO" | "ENODEV" | "ENOENT" | "EOPNOTSUPP" | "EPERM" | "ERANGE" | "EUSERS";
                                explanation: string;
                                conflicts: components["schemas"]["Conflict"][];
                                remedy: string;
                            };
                        }[];
                        lost: components["schemas"]["Share"][];
                        gained: components["schemas"]["Share"][];
                        hostQueues: {
                            lost: string[];
                            gained: string[];
                        };
                        changes: ({
                            change: string;
                        } & {
                            [key: string]: unknown;
                        })[];
                        before: components["schemas"]["HostView"];
                        after: components["schemas"]["HostView"];
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    custody: {
        parameters: {
            query: {
                /** @description APQN, like 05.0047 */
                apqn: string;
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                from?: string;
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                to?: string;
            };
            header?: never;
            path: {
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description name of a host */
                        host: string;
                        apqn: string;
                        /** @description the last fact of the host that counts */
                        position: number;
                        intervals: components["schemas"]["CustodyInterval"][];
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "guest-history": {
        parameters: {
            query?: {
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                from?: string;
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                to?: string;
            };
            header?: never;
            path: {
                host: string;
                guest: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description name of a host */
                        host: string;
                        /** @description name of a guest */
                        guest: string;
                        position: number;
                        runs: {
                            /** @description UUID of a mediated matrix device, lower case */
                            mdev: string;
                            started: components["schemas"]["Boundary"];
                            /** @description null = still running */
                            stopped: components["schemas"]["Boundary"] | null;
                        }[];
                        queues: components["schemas"]["CustodyInterval"][];
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exposures: {
        parameters: {
            query?: {
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                from?: string;
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                to?: string;
            };
            header?: never;
            path: {
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        exposures: components["schemas"]["Exposure"][];
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    report: {
        parameters: {
            query?: {
                /** @description default md */
                format?: "md" | "csv" | "json" | "html";
                /** @description name of a host */
                host?: string;
                /** @description name of a guest */
                guest?: string;
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                from?: string;
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report, and the heads that it rests on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/markdown": string;
                    "text/csv": string;
                    "application/json": components["schemas"]["AuditReport"];
                    "text/html": string;
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "host-report": {
        parameters: {
            query?: {
                /** @description default md */
                format?: "md" | "csv" | "json" | "html";
                /** @description name of a guest */
                guest?: string;
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                from?: string;
                /** @description a position of the log, or a time like 2026-11-17T09:14:00Z */
                to?: string;
            };
            header?: never;
            path: {
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report, and the heads that it rests on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/markdown": string;
                    "text/csv": string;
                    "application/json": components["schemas"]["AuditReport"];
                    "text/html": string;
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events: {
        parameters: {
            query?: {
                /** @description only facts after this position; default 0 */
                after?: number;
                /** @description default 100 */
                limit?: number;
                /** @description only these */
                types?: string[];
                /** @description name of a host */
                host?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description in the order of the log */
                        events: components["schemas"]["RecordedFact"][];
                        /** @description ask for the next page after this position */
                        after: number;
                        /** @description the log had no more when it was asked */
                        isEnd: boolean;
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream: {
        parameters: {
            query?: {
                /** @description only facts after this position; default 0 */
                after?: number;
                /** @description name of a host */
                host?: string;
                /** @description only these */
                types?: string[];
            };
            header?: {
                /** @description position of the last fact that came; counts more than `after` */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events; each `data` of a `fact` is a RecordedFact */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    heads: {
                        /** @description name of a host */
                        host: string;
                        revision: number;
                        hash: string;
                    }[];
                };
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description how many heads were compared */
                        checked: number;
                        /** @description none = every head is still what it was */
                        problems: {
                            /** @description name of a host */
                            host: string;
                            revision: number;
                            problem: string;
                        }[];
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recompute: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description from an earlier recompute, or a report */
                    heads?: {
                        stream: string;
                        revision: number;
                        hash: string;
                    }[];
                };
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        facts: number;
                        streams: number;
                        /** @description none = this log is the one that was written */
                        problems: {
                            stream: string;
                            revision: number;
                            position: number;
                            problem: string;
                        }[];
                        /** @description note them elsewhere for the next time */
                        heads: {
                            stream: string;
                            revision: number;
                            position: number;
                            hash: string;
                            occurredAt: string;
                        }[];
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rebuild: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        position: number;
                        hosts: number;
                        milliseconds: number;
                    };
                };
            };
            /** @description It cannot be carried out as asked, and changed nothing */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The ledger or its log cannot serve; 503 = come again, with the same id */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
