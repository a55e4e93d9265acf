CREATE TABLE `user` (
	`id` varchar(36) NOT NULL PRIMARY KEY,
	`name` varchar(255) NOT NULL,
	`email` varchar(255) NOT NULL UNIQUE,
	`emailVerified` boolean NOT NULL,
	`image` text,
	`createdAt` timestamp(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
	`updatedAt` timestamp(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
	`role` text,
	`banned` boolean,
	`banReason` text,
	`banExpires` timestamp(3) NULL,
	`isAnonymous` boolean,
	`twoFactorEnabled` boolean
);

CREATE TABLE `account` (
	`id` varchar(36) NOT NULL PRIMARY KEY,
	`accountId` text NOT NULL,
	`providerId` text NOT NULL,
	`userId` varchar(36) NOT NULL,
	`accessToken` text,
	`refreshToken` text,
	`idToken` text,
	`accessTokenExpiresAt` timestamp(3) NULL,
	`refreshTokenExpiresAt` timestamp(3) NULL,
	`scope` text,
	`password` text,
	`createdAt` timestamp(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
	`updatedAt` timestamp(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
	FOREIGN KEY (`userId`) REFERENCES `user` (`id`) ON DELETE CASCADE
);
