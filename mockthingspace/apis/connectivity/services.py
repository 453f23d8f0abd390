"""The callback services of the Connectivity Management API, and what each carries.

The names are of the longest list there is, the models of a third party's SDK;
what is carried is the pages' word, and empty where none is stored.
"""

CONNECTIVITY = {
    "AlertService": "a trigger's condition is met",
    "CarrierService": "results of changes of a device's state or data",
    "DevicePRLInformation": "values of a device's preferred roaming list",
    "DeviceProfileService": "results of profile downloads, enabling and deleting",
    "DevicePromoUsage": "",
    "DeviceService": "results of device uploads and availability",
    "DeviceSuspensionStatus": "results of suspension status requests",
    "DeviceUsage": "results of aggregate usage requests",
    "DiagnosticsService": "notifications of a device's state from the network",
    "EnhancedConnectivityService": "SMS from devices, notices of SMS delivery",
    "ExtendedEnhancedConnectivityService": "",
    "ExternalProvisioningChanges": "provisioning done past the API",
    "IntelligenceService": "network condition, coverage, site proximity, experience",
    "NetworkEventService": "",
    "NiddService": "results of NIDD configuration and delivery, messages of devices",
    "PromoChanges": "a promotional package is removed",
    "PwnService": "",
    "QoS": "results of quality-of-service requests",
    "ResumeTrackingNotification": "seven days before an automatic resume",
    "SMSDeliveryConfirmation": "a device acknowledged an SMS",
    "StateService": "results of go-to-state requests",
    "SubscriptionNotificationService": "notices of throttling and usage",
    "VIPCallbackService": "",
}
SPELLINGS = {"AlertsService": "AlertService"}
